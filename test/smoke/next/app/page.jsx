"use client";

import { useSessions } from "latchkey/react";

export default function Page() {
  const { status } = useSessions({ account: undefined });
  return <p>sessions: {status}</p>;
}
