import type { EndpointHandler } from '../core/endpoint.js';
import { staticText } from '../core/static-text.js';

/** The sign of the gateway: a router with two aerials. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<path d="M9 18V6m14 12V6" stroke="#7d5bd0" stroke-width="3" stroke-linecap="round"/>
<rect x="3" y="17" width="26" height="10" rx="3" fill="#7d5bd0"/>
<circle cx="9" cy="22" r="2" fill="#fff"/><circle cx="16" cy="22" r="2" fill="#fff"/>
</svg>
`;

/** Serves the sign at the path where browsers look for it. */
export const pageIcon: EndpointHandler = staticText({
  contentType: 'image/svg+xml; charset=utf-8',
  load: () => ICON,
});
