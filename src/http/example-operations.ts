/** What the explorers open with: the first mutation of the README and the query that reads it back. */
export const EXAMPLE_DOCUMENT = `# Paste a token into the headers, then run an operation.
# "npm start" prints tokens, and so does "npm run token".

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

/** For a device of the demo fleet. */
export const EXAMPLE_VARIABLES = {
  id: '12345678901234567890abcd',
  input: {
    name: 'My Primary Router',
    notes: null,
    wifi: { ssid: 'SkyNet', password: '1NT3RN3T!' },
  },
};

/** A header takes no character beyond ASCII, so the place for the token is named in words. */
export const EXAMPLE_HEADERS = { Authorization: 'Bearer paste-a-token-here' };
