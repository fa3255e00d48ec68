/** What the explorers open with: the first mutation of the README and the query that reads it back. */
export const EXAMPLE_DOCUMENT = `# Paste a token into the headers below,
# then run an operation. "npm start"
# and "npm run token" print tokens.

mutation FirstUpdate($id: ID!, $input: DeviceUpdateInput!) {
  updateNetworkDevice(id: $id, input: $input) {
    id
    version
    name
    notes
    wifi {
      ssid
      password
    }
  }
}

query ReadBack($id: ID!) {
  viewer {
    accessLevel
    customer {
      name
    }
  }
  networkDevice(id: $id) {
    name
    version
    updatedAt
    model {
      brand
      name
    }
    customer {
      name
    }
    wifi {
      ssid
      ssid5G
    }
    dhcp {
      ipPoolStart
      ipPoolEnd
      leaseTime
    }
    status {
      online
      networkType
      simStatus
    }
  }
}
`;

/** A second tab of the explorer: run it, then change the device in the first. */
export const EXAMPLE_SUBSCRIPTION = `# Run this, then change the device in
# another tab: each change appears here.

subscription Watch($ids: [ID!]) {
  networkDeviceChanged(ids: $ids) {
    id
    version
    name
    state
    jobs
    changes(first: 1) {
      nodes {
        action
        paths
      }
    }
  }
}
`;

/** A fourth tab of the explorer: what was changed, and how it is put back. */
export const EXAMPLE_HISTORY = `# Change the device in the first tab, read
# what it was before, and put it back.

query Changes($id: ID!) {
  networkDevice(id: $id) {
    version
    changes(first: 5) {
      nodes {
        version
        at
        action
        by
        paths
        before {
          name
          wifi {
            ssid
            password
          }
        }
      }
    }
  }
}

mutation PutBack($id: ID!, $toVersion: Int!, $paths: [String!]) {
  revertNetworkDevice(id: $id, toVersion: $toVersion, paths: $paths) {
    version
    state
    name
    wifi {
      ssid
    }
  }
}
`;

/** A third tab of the explorer: a device from its beginning. */
export const EXAMPLE_LIFE = `# With a key a repeat is safe: run it
# twice, and there is one device.

mutation Create($input: DeviceCreateInput!, $idempotencyKey: String) {
  createNetworkDevice(input: $input, idempotencyKey: $idempotencyKey) {
    id
    version
    state
    jobs
    name
    macAddress
  }
}

mutation Delete($id: ID!) {
  deleteNetworkDevice(id: $id) {
    id
    state
    provisioningJobs {
      kind
      state
    }
  }
}
`;

/** A device of a model of the demo fleet. */
export const LIFE_VARIABLES = {
  input: {
    model: '12345678901234567890aaaa',
    macAddress: '02:00:00:00:00:01',
    name: 'Kiosk',
    wifi: { enabled: true, ssid: 'Kiosk', password: 'long enough' },
  },
  idempotencyKey: 'first-kiosk',
  id: 'id of the device that Create answered',
};

/** For a device of the demo fleet. */
export const EXAMPLE_VARIABLES = {
  id: '12345678901234567890abcd',
  input: {
    name: 'My Primary Router',
    notes: null,
    wifi: { ssid: 'SkyNet', password: '1NT3RN3T!' },
  },
};

/** The same device. */
export const SUBSCRIPTION_VARIABLES = { ids: [EXAMPLE_VARIABLES.id] };

/** The same device: some of its settings as they came. */
export const HISTORY_VARIABLES = { id: EXAMPLE_VARIABLES.id, toVersion: 1, paths: ['name', 'notes', 'wifi'] };

/** In words, because a header takes no character beyond ASCII; in one, so that a double click selects it as a whole. */
export const TOKEN_PLACEHOLDER = 'PASTE_A_TOKEN_HERE';

export const EXAMPLE_HEADERS = { Authorization: `Bearer ${TOKEN_PLACEHOLDER}` };
