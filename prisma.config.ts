import { defineConfig } from 'prisma/config';

// Only the Prisma command line reads this file, e.g. `npx prisma migrate deploy`; the gateway has settings of its own.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_URL'] ?? '' },
});
