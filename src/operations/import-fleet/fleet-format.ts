import { z } from 'zod';
import { parseId } from '../../domain/id.js';
import { isBrand, isDescription, MAX_BRAND, MAX_DESCRIPTION } from '../../domain/device-model.js';
import { DHCP_FIELDS } from '../../domain/dhcp.js';
import { isName, NAME_RULE, normalName } from '../../domain/name.js';
import { byKind } from '../../domain/section-fields.js';
import { REPORT_FIELDS } from '../../domain/status-report.js';
import { WIFI_FIELDS } from '../../domain/wifi.js';

// The file is in the REST page's spelling. Absent is null everywhere (the page: "properties holding no value may be
// omitted"), and a property that nobody knows is refused, so that a typing error cannot lose a value.

const id = z.string().transform((text, context) => {
  const normal = parseId(text);
  if (normal !== undefined) return normal;
  context.addIssue({ code: 'custom', message: 'Not an id of 24 hex digits.' });
  return z.NEVER;
});
const name = z.string().transform(normalName).refine(isName, NAME_RULE);
const brand = z.string().refine(isBrand, `At most ${MAX_BRAND} characters and no control characters.`);
const description = z
  .string()
  .refine(
    isDescription,
    `At most ${MAX_DESCRIPTION} characters and no control characters but line breaks and tabs.`,
  );
const int = z.int32();

/** The value, or null when it is absent. */
function orNull<T extends z.ZodType>(type: T): z.ZodType<z.output<T> | null> {
  return type.nullish().transform((value) => value ?? null);
}

/** An object's id under its name on the page, `_id`, or here, `id`. */
const ids = { id: id.optional(), _id: id.optional() };

function withId<T extends { id?: string | undefined; _id?: string | undefined }>(
  record: T,
  context: z.core.$RefinementCtx<T>,
): Omit<T, 'id' | '_id'> & { id: string } {
  const { id: own, _id: onPage, ...rest } = record;
  if (own !== undefined && onPage !== undefined && own !== onPage) {
    context.addIssue({ code: 'custom', path: ['id'], message: 'id and _id differ.' });
  }
  const found = own ?? onPage;
  if (found === undefined) {
    context.addIssue({ code: 'custom', path: ['id'], message: 'Needed.' });
    return z.NEVER;
  }
  return { ...rest, id: found };
}

const customer = z.strictObject({ ...ids, name, parentReseller: orNull(id) }).transform(withId);

const deviceModel = z
  .strictObject({
    ...ids,
    name,
    type: z.enum(['ROUTER', 'SWITCH', 'FIREWALL', 'ACCESSPOINT', 'OTHER']),
    brand: orNull(brand),
    description: orNull(description),
    picture: orNull(id),
    capabilities: z.strictObject({
      wifi: z.boolean(),
      wifi2G: z.boolean(),
      wifi5G: z.boolean(),
      wifi6G: z.boolean(),
      simSupport: z.boolean(),
    }),
  })
  .transform(withId);

const setting = { flag: orNull(z.boolean()), text: orNull(z.string()), int: orNull(int) };

const wifi = z.strictObject(byKind(WIFI_FIELDS, setting));

const reservedClient = z.strictObject({
  mac: z.string(),
  ip: z.string(),
  enable: z.boolean().default(true),
  id: orNull(z.string()),
});

const reservations = orNull(z.array(reservedClient));

const dhcp = z.strictObject(byKind(DHCP_FIELDS, { ...setting, reservations }));

const { ssSignalStrength, ...reported } = byKind(REPORT_FIELDS, setting);

/** Types only: the rules of status reports check the values. */
const status = z.strictObject({
  ...reported,
  provisioned: setting.flag,
  // Spelt like this on the page.
  ssSingnalStrength: ssSignalStrength,
});

const networkDevice = z
  .strictObject({
    ...ids,
    state: z.enum(['ACTIVE', 'PROVISIONING', 'DELETING']).default('ACTIVE'),
    name: z.string(),
    model: id,
    customer: id,
    macAddress: z.string(),
    serialNumber: setting.text,
    mvnoAccount: setting.text,
    // Read and left: the jobs that a device had elsewhere do not come with it.
    jobs: int.min(0).default(0),
    notes: setting.text,
    wifi: orNull(wifi),
    dhcp: orNull(dhcp),
    status: orNull(status),
    // The page repeats these of the model in every device; the model itself is in the file.
    modelType: z.unknown().optional(),
    modelBrand: z.unknown().optional(),
    modelDescription: z.unknown().optional(),
    modelPicture: z.unknown().optional(),
  })
  .transform(withId);

/** A fleet as the file holds it: every value has its type; ids and the names of customers and models are in normal form. */
export const fleetFormat = z.strictObject({
  customers: z.array(customer).default([]),
  deviceModels: z.array(deviceModel).default([]),
  networkDevices: z.array(networkDevice).default([]),
});

export type FleetFile = z.infer<typeof fleetFormat>;
