import { check } from "../../../check.js";

export async function GET() {
  return Response.json(await check());
}
