// Settings to begin with, a protocol each: the least that connects, to be filled in. The API documentation shows the rest.
import type { Row } from "../../api/client";

export type Protocol = Row<"Connector">["protocol"];

export const EXAMPLES: Record<Protocol, string> = {
  opcua: `endpoint = "opc.tcp://10.0.0.30:4840"
machine = "PUN-01"
user = "millwright"
nodes = [{ node = "ns=2;s=Strokes", metric = "stroke_count", unit = "1" }]
`,
  mqtt: `[broker]
host = "10.0.0.5"
client_id = "millwright"
user = "plant"

[mapping.json_object]
prefix = "plant"
`,
  sparkplug: `groups = ["press-shop"]
host_id = "millwright"

[broker]
host = "10.0.0.5"
client_id = "millwright-host"
`,
  broker: `[mapping.json_object]
prefix = "plant"
`,
  mtconnect: `url = "http://10.0.0.20:5000"
machine = "LAS-01"
`,
  shdr: `address = "10.0.0.21:7878"
machine = "LAS-01"
`,
  zpl: `address = "10.0.0.40:9100"
`,
  smtp: `host = "mail.plant.example"
port = 587
tls = "starttls"
from = "millwright@plant.example"
user = "millwright"
`,
};

export const PROTOCOLS = Object.keys(EXAMPLES) as Protocol[];

/** Whether what stands there is nobody's work yet, so that another example may replace it. */
export const isExample = (settings: string) => settings.trim() === "" || Object.values(EXAMPLES).includes(settings);
