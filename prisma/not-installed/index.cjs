// The command line of Prisma loads @prisma/studio-core and @prisma/dev whatever it is asked to do, and uses them for
// `prisma studio` and `prisma init` alone. In their place every name is a function that says so.
function notInstalled() {
  throw new Error('Prisma Studio and the local database of Prisma are not installed (docs/decisions/0057).');
}

module.exports = new Proxy({}, { get: () => notInstalled });
