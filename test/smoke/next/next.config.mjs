export default { turbopack: { root: process.env.SMOKE_ROOT } };
