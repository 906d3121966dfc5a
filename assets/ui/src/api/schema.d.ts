// Made by scripts/api.mjs from the API description; do not edit.
export interface paths {
    "/api/v1/api-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** Format: date-time */
                        expires_at?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        token_name: string;
                        /** @description Id of one of the users, such as USR-000001, or its user_name. */
                        user_id: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/api-tokens/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/attachments/{id}/remove": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/badges": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description What a scanner reads from it; not to be guessed, where a badge alone signs on. */
                        badge_number: string;
                        /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
                        employee_id: string;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        pin?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/badges/{id}/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        pin: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/badges/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calendar-exceptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        description?: string | null;
                        end_time?: string | null;
                        /** Format: date */
                        exception_date: string;
                        /** @description Id of one of the factories, such as FAC-000001. */
                        factory_id?: string | null;
                        /** @enum {string} */
                        kind?: "holiday" | "maintenance" | "shutdown" | "overtime";
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        /** @description The whole day where absent. */
                        start_time?: string | null;
                        /** @description Only this work center; the whole site where absent. */
                        work_center_id?: string | null;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connector-trials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description mqtt, sparkplug, mtconnect, shdr or opcua. */
                        protocol: string;
                        /** @description How long to listen, 5 unless given, at most 20. */
                        seconds?: number;
                        /** @description The password, where there is one. */
                        secret?: string;
                        /** @description As TOML. */
                        settings: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        connector_code: string;
                        connector_name?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @enum {string} */
                        protocol?: "mqtt" | "sparkplug" | "mtconnect" | "shdr" | "opcua" | "broker" | "zpl" | "smtp";
                        /** @description Why, for the record's history. */
                        reason?: string;
                        /** @description As TOML; which there are, the protocol says. */
                        settings: string;
                        /** @enum {string} */
                        status?: "active" | "inactive";
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/connectors/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        connector_code?: string;
                        connector_name?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @enum {string} */
                        protocol?: "mqtt" | "sparkplug" | "mtconnect" | "shdr" | "opcua" | "broker" | "zpl" | "smtp";
                        /** @description Why, for the record's history. */
                        reason?: string;
                        /** @description As TOML; which there are, the protocol says. */
                        settings?: string;
                        /** @enum {string} */
                        status?: "active" | "inactive";
                    };
                };
            };
            responses: never;
        };
        trace?: never;
    };
    "/api/v1/connectors/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        secret: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downtime-events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /** @enum {string} */
                        downtime_category?: "breakdown" | "changeover" | "material_shortage" | "quality_hold" | "maintenance" | "no_operator" | "no_orders" | "waiting_for_approval" | "power_failure" | "tool_change";
                        downtime_reason_code?: string | null;
                        downtime_reason_description?: string | null;
                        /** @description Id of one of the production_lines, such as LINE-000001, or its line_number. */
                        line_id?: string | null;
                        /** @description Id of one of the machines, such as MACH-000001, or its machine_code. */
                        machine_id?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        operation_sequence?: number | null;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        /** @description Id of one of the work_centers, such as WC-000001, or its work_center_code. */
                        work_center_id?: string | null;
                        /** @description Id of one of the work_orders, such as WO-000001, or its work_order_number. */
                        work_order_id?: string | null;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downtime-events/{id}/cause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /** @enum {string} */
                        downtime_category?: "breakdown" | "changeover" | "material_shortage" | "quality_hold" | "maintenance" | "no_operator" | "no_orders" | "waiting_for_approval" | "power_failure" | "tool_change";
                        downtime_reason_code?: string | null;
                        downtime_reason_description?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downtime-events/{id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /** @description Exact, at most four places and eleven digits before the point. */
                        estimated_cost?: number | null;
                        maintenance_work_order?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        preventive_action?: string | null;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        resolution_action?: string | null;
                        root_cause?: string | null;
                        spare_parts_used?: string | null;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/downtime-events/{id}/respond": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/expected-receipts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /** Format: date-time */
                        expected_at?: string;
                        /** @description Id of one of the materials, such as MATL-000001, or its material_code. */
                        material_id?: string;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        purchase_order_number?: string | null;
                        /** @description In the material's stock unit. */
                        quantity?: number;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        /** @enum {string} */
                        status?: "expected" | "received" | "cancelled";
                        /** @description Id of one of the suppliers, such as SUP-000001, or its supplier_code. */
                        supplier_id?: string | null;
                    };
                };
            };
            responses: never;
        };
        trace?: never;
    };
    "/api/v1/frozen-zones": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        hours?: number;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/labor-transactions/clock-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        activity_code?: string | null;
                        /** @enum {string} */
                        activity_type?: "direct_labor" | "indirect_labor" | "setup" | "training" | "maintenance" | "meeting" | "break";
                        /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
                        employee_id: string;
                        /** @description Id of one of the machines, such as MACH-000001, or its machine_code. */
                        machine_id?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        operation_sequence?: number | null;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        /** @description Id of one of the work_orders, such as WO-000001, or its work_order_number. */
                        work_order_id?: string | null;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/labor-transactions/{id}/clock-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        break_time_minutes?: number;
                        notes?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        quantity_produced?: number;
                        quantity_rejected?: number;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lot-holds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        lot_ids?: string[];
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lots/{id}/hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/lots/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/material-transactions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        batch_number?: string | null;
                        /** @description The certificate's number. */
                        certificate_of_analysis?: string | null;
                        documentation_complete?: boolean;
                        /** Format: date */
                        expiry_date?: string | null;
                        heat_number?: string | null;
                        is_remnant?: boolean;
                        /** @description Made by the plant for a receipt or production without one. */
                        lot_number?: string | null;
                        /** @description The lot's material where absent. */
                        material_code?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        operation_sequence?: number | null;
                        /** @description For production of a remnant or a by-product: the lot it was cut from. */
                        parent_lot_number?: string | null;
                        /** @enum {string|null} */
                        quality_status?: "approved" | "quarantine" | "rejected" | null;
                        /** @description Only an adjustment may be negative. */
                        quantity?: number;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        requires_documentation?: boolean;
                        serial_number?: string | null;
                        /** @description Id of one of the suppliers, such as SUP-000001, or its supplier_code. */
                        supplier_id?: string | null;
                        supplier_lot_number?: string | null;
                        to_location?: string | null;
                        /** @enum {string} */
                        transaction_type?: "issue" | "return" | "scrap" | "adjustment" | "transfer" | "receipt" | "production" | "shipment" | "split" | "merge";
                        /** @description Exact, at most four places and eleven digits before the point. */
                        unit_cost?: number | null;
                        /**
                         * @description The lot's or the material's stock unit where absent.
                         * @enum {string|null}
                         */
                        unit_of_measure?: "EA" | "SHEET" | "KG" | "M2" | "M" | "L" | null;
                        /** @description Id of one of the work_orders, such as WO-000001, or its work_order_number. */
                        work_order_id?: string | null;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description true: disturb the plan in force as little as may be. */
                        keep?: boolean;
                        /** @description How long it may get better, 10 unless given, at most 120. */
                        seconds?: number;
                        /** @description Another seed searches elsewhere. */
                        seed?: number;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/what-if": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description By which day. */
                        due?: string;
                        /** @description 1 highest to 10 lowest; 5 unless given. */
                        priority?: number;
                        /** @description What would be made. */
                        product_id: string;
                        /** @description How many. */
                        quantity: number;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}/branch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description What it is called. */
                        name?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}/moves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description Behind this work_order_id and operation_sequence. */
                        after?: Record<string, unknown>;
                        /** @description In front of this work_order_id and operation_sequence. */
                        before?: Record<string, unknown>;
                        /** @description true: only what would become of it, as in the address. */
                        dry_run?: boolean;
                        /** @description Its operation. */
                        operation_sequence: number;
                        /** @description Beginning exactly then; as soon as may be where absent. */
                        planned_start_time?: string;
                        /** @description true: what it moves is the plan in force at once. */
                        publish?: boolean;
                        /** @description To this work center; where it is where absent. */
                        work_center_id?: string;
                        /** @description The order. */
                        work_order_id: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}/publish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description Why. */
                        notes?: string;
                        /** @description Only these orders. */
                        work_orders?: string[];
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": Record<string, unknown>;
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plant": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description What the plant is called. */
                        plant_name?: string;
                        /** @description How long a machine may stand in the middle of a job before a stop is opened that wants its reason; 5 where not given, at most 240. */
                        silent_stop_minutes?: number;
                    };
                };
            };
            responses: never;
        };
        trace?: never;
    };
    "/api/v1/plant/clock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /**
                         * Format: date-time
                         * @description What it shows now where absent.
                         */
                        plant_time?: string | null;
                        /** @description Plant seconds a second; 0 stands still. Must be given, since nobody stops a plant by leaving it out. */
                        rate?: number | null;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/refused-acts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        act: string;
                        /** @description What was sent with it, as JSON. */
                        content: string;
                        /** @description Who did it. */
                        employee_id?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        /** @description Why it was refused. */
                        refusal: string;
                        /** @description Id of one of the work_centers, such as WC-000001, or its work_center_code. */
                        work_center_id?: string | null;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/refused-acts/{id}/settle": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        settlement: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description Its password. */
                        password: string;
                        /** @description The log-in's name. */
                        user_name: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/demo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description One of the demo's people. */
                        user_name: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description 4 to 8 digits. */
                        new_pin: string;
                        /** @description The PIN until now. */
                        old_pin: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shifts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        break_minutes?: number;
                        /** @description Days on which it opens, 1 Monday to 7 Sunday. */
                        days_of_week?: number[];
                        /** @description At or before the start: the shift ends on the next day. */
                        end_time: string;
                        /** @description Id of one of the factories, such as FAC-000001. */
                        factory_id: string;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        shift_code: string;
                        shift_name: string;
                        /** @enum {string} */
                        shift_type?: "regular" | "overtime";
                        start_time: string;
                        /** @enum {string} */
                        status?: "active" | "inactive";
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/shifts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        break_minutes?: number;
                        /** @description Days on which it opens, 1 Monday to 7 Sunday. */
                        days_of_week?: number[];
                        /** @description At or before the start: the shift ends on the next day. */
                        end_time?: string;
                        /** @description Id of one of the factories, such as FAC-000001. */
                        factory_id?: string;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        shift_code?: string;
                        shift_name?: string;
                        /** @enum {string} */
                        shift_type?: "regular" | "overtime";
                        start_time?: string;
                        /** @enum {string} */
                        status?: "active" | "inactive";
                    };
                };
            };
            responses: never;
        };
        trace?: never;
    };
    "/api/v1/terminal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description What POST /api/v1/terminals answered once. */
                        token: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description Whether a scanned badge needs its PIN as well; true where absent. */
                        asks_pin?: boolean | null;
                        /** @description Whoever does nothing there for so long is signed off; 15 where absent, at most 480. */
                        idle_minutes?: number | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        terminal_name: string;
                        /** @description Where it stands; everywhere where empty. */
                        work_center_ids?: string[];
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}/badge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description Instead of the number: a badge from the terminal's list. */
                        badge_id?: string;
                        /** @description As a scanner reads it. */
                        badge_number?: string;
                        /** @description Its PIN; where the terminal asks for none, a number alone is enough. */
                        pin?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/terminals/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
                        employee_id?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        password: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        /** @enum {string} */
                        role?: "operator" | "lead" | "planner" | "inspector" | "auditor" | "manager" | "analyst" | "admin" | "engine";
                        user_name: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
                        employee_id?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        /** @enum {string|null} */
                        role?: "operator" | "lead" | "planner" | "inspector" | "auditor" | "manager" | "analyst" | "admin" | "engine" | null;
                        /** @enum {string|null} */
                        status?: "active" | "inactive" | null;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{id}/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        password: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/work-orders/{id}/hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/work-orders/{id}/operations/{sequence}/finish": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/work-orders/{id}/operations/{sequence}/pin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        operation_sequence?: number;
                        /**
                         * Format: date-time
                         * @description When its slot begins, where absent.
                         */
                        planned_start_time?: string | null;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        /** @description Where its slot is, where absent. */
                        work_center_id?: string | null;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/work-orders/{id}/operations/{sequence}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
                        employee_id?: string | null;
                        good_quantity?: number;
                        /** @description Set aside for a decision. */
                        held_quantity?: number;
                        notes?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                        rejected_quantity?: number;
                        rework_quantity?: number;
                        scrapped_quantity?: number;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/work-orders/{id}/operations/{sequence}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
                        employee_id?: string | null;
                        /** @description Id of one of the machines, such as MACH-000001, or its machine_code. */
                        machine_id?: string | null;
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/work-orders/{id}/operations/{sequence}/unpin": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        operation_sequence?: number;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/work-orders/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/work-orders/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/work-orders/{id}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description When it happened, if not now; at most 7 days ago.
                         */
                        occurred_at?: string;
                        /** @description Why, for the record's history. */
                        reason?: string;
                    };
                };
            };
            responses: never;
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A token for programs. */
        ApiToken: {
            /** Format: date-time */
            created_at?: string;
            /** Format: date-time */
            expires_at?: string | null;
            revoked?: boolean;
            secret_digest?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description Id of one of the api_tokens, such as TOK-000001. */
            token_id?: string;
            token_name?: string;
            /** @description Id of one of the users, such as USR-000001, or its user_name. */
            user_id?: string;
        };
        /** @description A file that belongs to a record: drawing, photo, certificate. */
        Attachment: {
            /** @description Id of one of the attachments, such as ATT-000001. */
            attachment_id?: string;
            content_type?: string;
            /** Format: date-time */
            created_at?: string;
            created_by?: string;
            file_name?: string;
            note?: string | null;
            removed?: boolean;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            sha256?: string;
            size_bytes?: number;
            /** @description The record it belongs to, as its id text. */
            subject?: string;
        };
        /** @description A badge: which employee shows it, and as whom they act. */
        Badge: {
            /** @description Id of one of the badges, such as BDG-000001, or its badge_number. */
            badge_id?: string;
            badge_number?: string;
            /** Format: date-time */
            created_at?: string;
            /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
            employee_id?: string;
            revoked?: boolean;
            /** @description SHA-256 of the PIN's verifier; absent as long as there is no PIN. */
            secret_digest?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** Format: date-time */
            updated_at?: string;
            /** @description Id of one of the users, such as USR-000001, or its user_name. */
            user_id?: string;
        };
        /** @description A bill of material: what one product is made of. */
        BillOfMaterial: {
            /** @description Id of one of the bills_of_material, such as BOM-000001. */
            bom_id?: string;
            /** Format: date-time */
            created_at?: string;
            /** Format: date */
            effective_from?: string | null;
            lines?: {
                /** @description Id of one of the materials, such as MATL-000001, or its material_code. */
                material_id: string;
                /** @description For one piece of the product, in the unit beside it. */
                quantity_per_unit?: number;
                /** @description Extra for scrap, in percent. */
                scrap_percentage?: number;
                /** @enum {string} */
                unit_of_measure?: "EA" | "SHEET" | "KG" | "M2" | "M" | "L";
            }[];
            /** @description Id of one of the products, such as PROD-000001, or its product_code. */
            product_id?: string;
            revision?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @enum {string} */
            status?: "active" | "inactive";
        };
        /** @description A day on which the shift patterns do not hold: holiday, maintenance, shutdown, overtime. */
        CalendarException: {
            /** @description Id of one of the calendar_exceptions, such as CAL-000001. */
            calendar_exception_id?: string;
            /** Format: date-time */
            created_at?: string;
            description?: string | null;
            end_time?: string | null;
            /** Format: date */
            exception_date?: string;
            /** @description Id of one of the factories, such as FAC-000001. */
            factory_id?: string | null;
            /** @enum {string} */
            kind?: "holiday" | "maintenance" | "shutdown" | "overtime";
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description The whole day where absent. */
            start_time?: string | null;
            /** @description Only this work center; the whole site where absent. */
            work_center_id?: string | null;
        };
        /** @description A connection to machines: where they are and what they speak. */
        Connector: {
            connector_code?: string;
            /** @description Id of one of the connectors, such as CONN-000001, or its connector_code. */
            connector_id?: string;
            connector_name?: string | null;
            /** Format: date-time */
            created_at?: string;
            /** @enum {string} */
            protocol?: "mqtt" | "sparkplug" | "mtconnect" | "shdr" | "opcua" | "broker" | "zpl" | "smtp";
            /** @description SHA-256 of the password with a salt before it. */
            secret_digest?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description As TOML; which there are, the protocol says. */
            settings?: string;
            /** @enum {string} */
            status?: "active" | "inactive";
            /** Format: date-time */
            updated_at?: string | null;
        };
        /** @description A customer. */
        Customer: {
            annual_volume?: number | null;
            country?: string | null;
            /** Format: date-time */
            created_at?: string;
            customer_code?: string | null;
            /** @description Id of one of the customers, such as CUST-000001, or its customer_code. */
            customer_id?: string;
            customer_name?: string;
            /** @enum {string} */
            customer_type?: "oem" | "tier1" | "tier2" | "aftermarket";
            payment_terms_days?: number | null;
            quality_rating?: string | null;
            region?: string | null;
            segment?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            sla_max_ppm?: number | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            sla_on_time_percentage?: number | null;
            /** @enum {string} */
            status?: "active" | "inactive";
        };
        /** @description A stop: one cause, from its start over the response to its end. */
        DowntimeEvent: {
            /** Format: date-time */
            created_at?: string;
            /** @enum {string} */
            downtime_category?: "breakdown" | "changeover" | "material_shortage" | "quality_hold" | "maintenance" | "no_operator" | "no_orders" | "waiting_for_approval" | "power_failure" | "tool_change";
            /**
             * Format: date-time
             * @description Empty while it lasts.
             */
            downtime_end?: string | null;
            /** @description Id of one of the downtime_events, such as DT-000001. */
            downtime_id?: string;
            downtime_reason_code?: string | null;
            downtime_reason_description?: string | null;
            /** Format: date-time */
            downtime_start?: string;
            /** @description From start to end. */
            duration_minutes?: number | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            estimated_cost?: number | null;
            /** @description Id of one of the factories, such as FAC-000001. */
            factory_id?: string | null;
            /** @description Id of one of the production_lines, such as LINE-000001, or its line_number. */
            line_id?: string | null;
            /** @description Id of one of the machines, such as MACH-000001, or its machine_code. */
            machine_id?: string | null;
            maintenance_work_order?: string | null;
            /** @description Id of one of the work_order_operations, such as OP-000001. */
            operation_id?: string | null;
            preventive_action?: string | null;
            /** @description Pieces the operation would have made meanwhile, at its standard time. */
            production_loss_units?: number | null;
            /** @description From response to end; the whole stop where nobody told a response. */
            repair_time_minutes?: number | null;
            reported_by?: string;
            resolution_action?: string | null;
            /** Format: date-time */
            resolved_at?: string | null;
            /** Format: date-time */
            responded_at?: string | null;
            responded_by?: string | null;
            /** @description From start to response. */
            response_time_minutes?: number | null;
            root_cause?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            spare_parts_used?: string | null;
            /** @enum {string} */
            status?: "active" | "resolved" | "pending_parts" | "escalated";
            /** @description Id of one of the work_centers, such as WC-000001, or its work_center_code. */
            work_center_id?: string | null;
            /** @description Id of one of the work_orders, such as WO-000001, or its work_order_number. */
            work_order_id?: string | null;
        };
        /** @description An employee. */
        Employee: {
            certifications?: {
                skill: string;
                /** Format: date */
                valid_until?: string | null;
            }[];
            /** Format: date-time */
            created_at?: string;
            department?: string | null;
            email?: string | null;
            employee_code?: string | null;
            /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
            employee_id?: string;
            /** @description Exact, at most four places and eleven digits before the point. */
            experience_years?: number | null;
            /** @description Id of one of the factories, such as FAC-000001. */
            factory_id?: string | null;
            first_name?: string | null;
            /** Format: date */
            hire_date?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            hourly_rate?: number | null;
            last_name?: string | null;
            /** @description Id of one of the production_lines, such as LINE-000001, or its line_number. */
            line_id?: string | null;
            /** @description SHA-256 of the salted names and contacts, which are kept apart; absent when there are none or they were erased. */
            personal_digest?: string | null;
            phone?: string | null;
            role?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description Id of one of the shifts, such as SHIFT-000001, or its shift_code. */
            shift_id?: string | null;
            /** @enum {string} */
            skill_level?: "skilled" | "trainee" | "senior" | "expert";
            /** @enum {string} */
            status?: "active" | "inactive";
        };
        /** @description Material that is on its way. */
        ExpectedReceipt: {
            /** Format: date-time */
            created_at?: string;
            /** Format: date-time */
            expected_at?: string;
            /** @description Id of one of the expected_receipts, such as XRC-000001. */
            expected_receipt_id?: string;
            /** @description Id of one of the materials, such as MATL-000001, or its material_code. */
            material_id?: string;
            purchase_order_number?: string | null;
            /** @description In the material's stock unit. */
            quantity?: number;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @enum {string} */
            status?: "expected" | "received" | "cancelled";
            /** @description Id of one of the suppliers, such as SUP-000001, or its supplier_code. */
            supplier_id?: string | null;
        };
        /** @description A factory: the site. */
        Factory: {
            /** @description Exact, at most four places and eleven digits before the point. */
            area_m2?: number | null;
            certification?: string | null;
            city?: string | null;
            country?: string | null;
            /** Format: date-time */
            created_at?: string;
            /** @description Id of one of the factories, such as FAC-000001. */
            factory_id?: string;
            factory_name?: string;
            factory_type?: string | null;
            /** Format: date */
            operational_since?: string | null;
            /** @description What an order of the site bears on top of its material and labor, in percent of them; nothing where absent. */
            overhead_percentage?: number | null;
            region?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @enum {string} */
            status?: "active" | "inactive";
            /** @description IANA zone; the plant's where absent. */
            timezone?: string | null;
        };
        /** @description A sealed day of the journal: its range and Merkle root. */
        JournalDay: {
            /**
             * Format: date
             * @description The plant's day.
             */
            day?: string;
            /** @description Id of one of the journal_days, such as DAY-000001. */
            day_id?: string;
            first_seq?: number;
            last_seq?: number;
            /** @description Merkle root over the hashes of the entries first_seq to last_seq, hexadecimal. */
            root?: string;
            /** Format: date-time */
            sealed_at?: string;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
        };
        /** @description Time of a person, on a job or beside one. */
        LaborTransaction: {
            activity_code?: string | null;
            /** @enum {string} */
            activity_type?: "direct_labor" | "indirect_labor" | "setup" | "training" | "maintenance" | "meeting" | "break";
            /** @description Exact, at most four places and eleven digits before the point. */
            actual_hours?: number | null;
            approved?: boolean;
            /** Format: date-time */
            approved_at?: string | null;
            approved_by?: string | null;
            break_time_minutes?: number;
            /** Format: date-time */
            clock_in_time?: string;
            /**
             * Format: date-time
             * @description Empty while the person is at it.
             */
            clock_out_time?: string | null;
            /** Format: date-time */
            created_at?: string;
            duration_minutes?: number | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            efficiency_percentage?: number | null;
            /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
            employee_id?: string;
            /** @description Open for longer than twelve hours: somebody forgot to clock out. */
            forgotten?: boolean;
            /** @description Exact, at most four places and eleven digits before the point. */
            hourly_rate?: number | null;
            /** @description The person is at it now. */
            is_open?: boolean;
            /** @description Exact, at most four places and eleven digits before the point. */
            labor_cost?: number | null;
            /** @description Id of one of the labor_transactions, such as LAB-000001. */
            labor_transaction_id?: string;
            /** @description Id of one of the machines, such as MACH-000001, or its machine_code. */
            machine_id?: string | null;
            notes?: string | null;
            /** @description Id of one of the work_order_operations, such as OP-000001. */
            operation_id?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            overtime_cost?: number;
            /** @description Exact, at most four places and eleven digits before the point. */
            overtime_hours?: number;
            quantity_produced?: number;
            quantity_rejected?: number;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description Id of one of the shifts, such as SHIFT-000001, or its shift_code. */
            shift_id?: string | null;
            source_key?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            standard_hours?: number | null;
            /** Format: date */
            transaction_date?: string;
            /** @description Id of one of the work_centers, such as WC-000001, or its work_center_code. */
            work_center_id?: string | null;
            /** @description Id of one of the work_orders, such as WO-000001, or its work_order_number. */
            work_order_id?: string | null;
        };
        /** @description A lot: what movements move and traces follow. */
        Lot: {
            certificate_number?: string | null;
            /** Format: date-time */
            created_at?: string;
            /** Format: date */
            expiry_date?: string | null;
            heat_number?: string | null;
            hold_reason?: string | null;
            is_remnant?: boolean;
            location?: string | null;
            /** @description Id of one of the lots, such as LOT-000001, or its lot_number. */
            lot_id?: string;
            lot_number?: string;
            material_code?: string;
            /** @description Id of one of the materials, such as MATL-000001, or its material_code. */
            material_id?: string;
            /** @description The lot it was split from or cut from. */
            parent_lot_number?: string | null;
            /** @description Counts put right, signed. */
            quantity_adjusted?: number;
            /** @description Issued to orders and split or merged into other lots, less what came back. */
            quantity_consumed?: number;
            /** @description Exact, at most four places and eleven digits before the point. */
            quantity_on_hand?: number;
            /** @description Exact, at most four places and eleven digits before the point. */
            quantity_produced?: number;
            /** @description Exact, at most four places and eleven digits before the point. */
            quantity_received?: number;
            /** @description Exact, at most four places and eleven digits before the point. */
            quantity_scrapped?: number;
            /** @description Exact, at most four places and eleven digits before the point. */
            quantity_shipped?: number;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @enum {string} */
            status?: "available" | "on_hold" | "exhausted";
            /** @description Id of one of the suppliers, such as SUP-000001, or its supplier_code. */
            supplier_id?: string | null;
            supplier_lot_number?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            unit_cost?: number | null;
            /**
             * @description The unit of all quantities of the lot.
             * @enum {string}
             */
            unit_of_measure?: "EA" | "SHEET" | "KG" | "M2" | "M" | "L";
            /** Format: date-time */
            updated_at?: string;
            /** @description The order that makes it. */
            work_order_id?: string | null;
        };
        /** @description A machine. */
        Machine: {
            /** @description Exact, at most four places and eleven digits before the point. */
            age_years?: number | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            asset_value?: number | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            capacity_per_hour?: number | null;
            /** Format: date-time */
            created_at?: string;
            /** @enum {string} */
            criticality?: "medium" | "critical" | "high" | "low";
            expected_life_years?: number | null;
            /** @description Id of one of the factories, such as FAC-000001. */
            factory_id?: string | null;
            /** Format: date */
            installation_date?: string | null;
            /** Format: date */
            last_overhaul_date?: string | null;
            /** @description Id of one of the production_lines, such as LINE-000001, or its line_number. */
            line_id?: string | null;
            machine_code?: string | null;
            /** @description Id of one of the machines, such as MACH-000001, or its machine_code. */
            machine_id?: string;
            machine_name?: string;
            machine_type?: string | null;
            maintenance_schedule?: string | null;
            manufacturer?: string | null;
            model?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            power_kw?: number | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            serial_number?: string | null;
            /** @enum {string} */
            status?: "active" | "inactive";
        };
        /** @description A material. */
        Material: {
            /** Format: date-time */
            created_at?: string;
            grade?: string | null;
            inspection_required?: boolean;
            /** @description Exact, at most four places and eleven digits before the point. */
            length_mm?: number | null;
            material_code?: string;
            /** @description Id of one of the materials, such as MATL-000001, or its material_code. */
            material_id?: string;
            material_name?: string;
            /** @enum {string} */
            material_type?: "raw_material" | "component" | "sub_assembly" | "consumable" | "finished_good";
            /** @description Exact, at most four places and eleven digits before the point. */
            safety_stock?: number | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            shelf_life_days?: number | null;
            /** @enum {string} */
            status?: "active" | "inactive";
            /**
             * @description The unit its stock is counted in; every movement converts to it.
             * @enum {string}
             */
            stock_unit?: "EA" | "SHEET" | "KG" | "M2" | "M" | "L";
            /** @description Exact, at most four places and eleven digits before the point. */
            thickness_mm?: number | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            unit_cost?: number | null;
            unit_factors?: {
                /** @description Stock units in one of the unit. */
                factor?: number;
                /** @enum {string} */
                unit?: "EA" | "SHEET" | "KG" | "M2" | "M" | "L";
            }[];
            /** @description Exact, at most four places and eleven digits before the point. */
            width_mm?: number | null;
        };
        /** @description A material movement; never edited, only reversed. */
        MaterialTransaction: {
            batch_number?: string | null;
            /** @description The certificate's number. */
            certificate_of_analysis?: string | null;
            /** @description The finished lot that used it. */
            consumed_by_lot_number?: string | null;
            /** Format: date-time */
            created_at?: string;
            documentation_complete?: boolean;
            /** Format: date */
            expiry_date?: string | null;
            from_location?: string | null;
            heat_number?: string | null;
            inspection_required?: boolean;
            lot_number?: string | null;
            material_code?: string;
            /** @description Id of one of the materials, such as MATL-000001, or its material_code. */
            material_id?: string;
            material_name?: string | null;
            /** @enum {string} */
            material_type?: "raw_material" | "component" | "sub_assembly" | "consumable" | "finished_good";
            /** @description Id of one of the work_order_operations, such as OP-000001. */
            operation_id?: string | null;
            /** @description The lot this one came from. */
            parent_lot_number?: string | null;
            performed_by?: string;
            /** @enum {string} */
            quality_status?: "approved" | "quarantine" | "rejected";
            /** @description As told, in the unit told. Only an adjustment may be negative. */
            quantity?: number;
            reason?: string | null;
            requires_documentation?: boolean;
            /** @description Id of one of the material_transactions, such as MAT-000001. */
            reversed_by?: string | null;
            /** @description The movement this one undoes. */
            reverses?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            serial_number?: string | null;
            /** @description Id of one of the shipments, such as SHP-000001, or its shipment_number. */
            shipment_id?: string | null;
            /** @description What the lot's stock changed by, signed, in its stock unit. */
            stock_change?: number;
            /** @enum {string} */
            stock_unit?: "EA" | "SHEET" | "KG" | "M2" | "M" | "L";
            /** @description Id of one of the suppliers, such as SUP-000001, or its supplier_code. */
            supplier_id?: string | null;
            supplier_lot_number?: string | null;
            to_location?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            total_cost?: number | null;
            /** Format: date-time */
            transaction_date?: string;
            /** @description Id of one of the material_transactions, such as MAT-000001. */
            transaction_id?: string;
            /** @enum {string} */
            transaction_type?: "issue" | "return" | "scrap" | "adjustment" | "transfer" | "receipt" | "production" | "shipment" | "split" | "merge";
            /** @description Exact, at most four places and eleven digits before the point. */
            unit_cost?: number | null;
            /** @enum {string} */
            unit_of_measure?: "EA" | "SHEET" | "KG" | "M2" | "M" | "L";
            warehouse_location?: string | null;
            /** @description Id of one of the work_orders, such as WO-000001, or its work_order_number. */
            work_order_id?: string | null;
        };
        /** @description A report of what an operation made; never edited, only reversed. */
        OperationReport: {
            /** Format: date-time */
            created_at?: string;
            created_by?: string;
            /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
            employee_id?: string | null;
            good_quantity?: number;
            held_quantity?: number;
            /** @description Id of one of the machines, such as MACH-000001, or its machine_code. */
            machine_id?: string | null;
            notes?: string | null;
            /** @description Id of one of the work_order_operations, such as OP-000001. */
            operation_id?: string;
            operation_sequence?: number;
            /** @description More was made than the order asked for. */
            over_plan?: boolean;
            rejected_quantity?: number;
            /** @description Id of one of the operation_reports, such as REP-000001. */
            report_id?: string;
            /** Format: date-time */
            reported_at?: string;
            /** @description Id of one of the operation_reports, such as REP-000001. */
            reversed_by?: string | null;
            /** @description Id of one of the operation_reports, such as REP-000001. */
            reverses?: string | null;
            rework_quantity?: number;
            scrapped_quantity?: number;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description Id of one of the shifts, such as SHIFT-000001, or its shift_code. */
            shift_id?: string | null;
            /** @description The row of another system it was brought in from. */
            source_key?: string | null;
            /** @description The movement into the finished lot, for the last operation. */
            transaction_id?: string | null;
            /** @description Id of one of the work_orders, such as WO-000001, or its work_order_number. */
            work_order_id?: string;
        };
        Problem: {
            /** @enum {string} */
            code: "malformed" | "invalid" | "unauthenticated" | "forbidden" | "not_found" | "method_not_allowed" | "duplicate" | "illegal_state" | "stale" | "key_reused" | "insufficient" | "on_hold" | "cycle" | "unit_mismatch" | "outside_window" | "still_open" | "unsupported_type" | "too_large" | "timed_out" | "throttled" | "busy" | "unavailable" | "outcome_unknown" | "no_space" | "locked" | "bad_data" | "internal";
            /** @description What is wrong and what to do. */
            detail: string;
            field?: string;
            status: number;
            title: string;
            type?: string;
        };
        /** @description A product. */
        Product: {
            /** @enum {string} */
            bom_complexity?: "simple" | "moderate" | "complex";
            component_count?: number | null;
            /** Format: date-time */
            created_at?: string;
            description?: string | null;
            /** @description The material it is stocked as, also when it goes into other products; made at the first release where absent. */
            material_id?: string | null;
            product_category?: string | null;
            product_code?: string | null;
            /** @description Id of one of the products, such as PROD-000001, or its product_code. */
            product_id?: string;
            product_name?: string;
            product_type?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description Exact, at most four places and eleven digits before the point. */
            standard_cost_per_unit?: number | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            standard_cycle_time_seconds?: number | null;
            /** @enum {string} */
            status?: "active" | "inactive";
            target_ppm?: number | null;
            /** @enum {string} */
            unit_of_measure?: "EA" | "SHEET" | "KG" | "M2" | "M" | "L";
            /** @description Exact, at most four places and eleven digits before the point. */
            weight_kg?: number | null;
        };
        /** @description A production line: a department of the shop (laser, punching, welding, polishing, assembly, shipping). */
        ProductionLine: {
            /** @enum {string} */
            automation_level?: "manual" | "semi-automated" | "fully-automated";
            /** Format: date */
            commissioning_date?: string | null;
            /** Format: date-time */
            created_at?: string;
            /** @description Exact, at most four places and eleven digits before the point. */
            design_capacity_per_hour?: number | null;
            /** @description Id of one of the factories, such as FAC-000001. */
            factory_id?: string;
            /** @description Exact, at most four places and eleven digits before the point. */
            installed_capacity_per_hour?: number | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            length_m?: number | null;
            /** @description Id of one of the production_lines, such as LINE-000001, or its line_number. */
            line_id?: string;
            line_name?: string;
            line_number?: string | null;
            /** @enum {string} */
            line_type?: "laser" | "punching" | "welding" | "polishing" | "assembly" | "shipping" | "machining" | "testing" | "painting" | "other";
            number_of_stations?: number | null;
            product_category?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @enum {string} */
            status?: "active" | "inactive";
        };
        /** @description An act that was done at a terminal and refused when it arrived. */
        RefusedAct: {
            /** @description The command, such as ReportOperation. */
            act?: string;
            /** @description What was sent with it, as JSON. */
            content?: string;
            /** Format: date-time */
            created_at?: string;
            /**
             * Format: date-time
             * @description When it was done.
             */
            done_at?: string;
            /** @description Who did it. */
            employee_id?: string | null;
            /** @description Why the plant would not take it. */
            refusal?: string;
            /** @description Id of one of the refused_acts, such as REF-000001. */
            refused_act_id?: string;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** Format: date-time */
            settled_at?: string | null;
            settled_by?: string | null;
            /** @description What was done about it. */
            settlement?: string | null;
            /** @enum {string} */
            status?: "open" | "settled";
            /** @description Id of one of the work_centers, such as WC-000001, or its work_center_code. */
            work_center_id?: string | null;
        };
        /** @description A shift pattern. */
        Shift: {
            break_minutes?: number;
            /** Format: date-time */
            created_at?: string;
            /** @description Days on which it opens, 1 Monday to 7 Sunday. */
            days_of_week?: number[];
            /** @description At or before the start: the shift ends on the next day. */
            end_time?: string;
            /** @description Id of one of the factories, such as FAC-000001. */
            factory_id?: string;
            /** @description Exact, at most four places and eleven digits before the point. */
            hours?: number;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            shift_code?: string;
            /** @description Id of one of the shifts, such as SHIFT-000001, or its shift_code. */
            shift_id?: string;
            shift_name?: string;
            /** @enum {string} */
            shift_type?: "regular" | "overtime";
            start_time?: string;
            /** @enum {string} */
            status?: "active" | "inactive";
        };
        /** @description A shipment to a customer. */
        Shipment: {
            carrier?: string | null;
            /** Format: date-time */
            created_at?: string;
            created_by?: string;
            /** @description Id of one of the customers, such as CUST-000001, or its customer_code. */
            customer_id?: string;
            lines?: {
                lot_number: string;
                /** @description Exact, at most four places and eleven digits before the point. */
                quantity?: number;
                /** @enum {string} */
                unit_of_measure?: "EA" | "SHEET" | "KG" | "M2" | "M" | "L";
            }[];
            notes?: string | null;
            /** Format: date */
            planned_date?: string | null;
            sales_order_number?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description Id of one of the shipments, such as SHP-000001, or its shipment_number. */
            shipment_id?: string;
            shipment_number?: string;
            /** Format: date-time */
            shipped_at?: string | null;
            /** @enum {string} */
            status?: "planned" | "shipped" | "cancelled";
            tracking_number?: string | null;
            /** Format: date-time */
            updated_at?: string;
        };
        /** @description A supplier. */
        Supplier: {
            country?: string | null;
            /** Format: date-time */
            created_at?: string;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @enum {string} */
            status?: "active" | "inactive";
            supplier_code?: string | null;
            /** @description Id of one of the suppliers, such as SUP-000001, or its supplier_code. */
            supplier_id?: string;
            supplier_name?: string;
        };
        /** @description A tablet or a panel on the floor where people sign on by badge. */
        Terminal: {
            /** @description A scanned badge alone does not sign on. */
            asks_pin?: boolean;
            /** Format: date-time */
            created_at?: string;
            /** @description Whoever does nothing there for so long is signed off. */
            idle_minutes?: number;
            revoked?: boolean;
            /** @description SHA-256 of what proves that a request comes from it. */
            secret_digest?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description Id of one of the terminals, such as TERM-000001, or its terminal_name. */
            terminal_id?: string;
            terminal_name?: string;
            /** @description Where it stands; everywhere where empty. */
            work_center_ids?: string[];
        };
        /** @description A person or program that logs in. */
        User: {
            /** Format: date-time */
            created_at?: string;
            /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
            employee_id?: string | null;
            /** @enum {string} */
            role?: "operator" | "lead" | "planner" | "inspector" | "auditor" | "manager" | "analyst" | "admin" | "engine";
            /** @description SHA-256 of the stored verifiers, so that the journal proves them without holding them. */
            secret_digest?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @enum {string} */
            status?: "active" | "inactive";
            /** Format: date-time */
            updated_at?: string;
            /** @description Id of one of the users, such as USR-000001, or its user_name. */
            user_id?: string;
            user_name?: string;
        };
        /** @description A work center: where an operation runs; a machine or a manual station. */
        WorkCenter: {
            /** @description Minutes of one shift that can be planned. */
            capacity_minutes_per_shift?: number | null;
            /** Format: date-time */
            created_at?: string;
            /** @description Share of planned time that becomes standard time, 0.85 typical. */
            efficiency_factor?: number | null;
            is_bottleneck?: boolean;
            /** @description Id of one of the production_lines, such as LINE-000001, or its line_number. */
            line_id?: string | null;
            /** @description Id of one of the machines, such as MACH-000001, or its machine_code. */
            machine_id?: string | null;
            machine_type?: string | null;
            /** @description Skill an operator needs here. */
            required_skill?: string | null;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description Group of like setups. */
            setup_category?: string | null;
            /** @description Shifts in which it is open; every active shift of the plant where empty. */
            shift_ids?: string[];
            /** @enum {string} */
            status?: "active" | "inactive";
            work_center_code?: string;
            /** @description Id of one of the work_centers, such as WC-000001, or its work_center_code. */
            work_center_id?: string;
            work_center_name?: string;
        };
        /** @description A work order. */
        WorkOrder: {
            /** @description Exact, at most four places and eleven digits before the point. */
            actual_cost_per_unit?: number | null;
            actual_cycle_time_seconds?: number | null;
            /** Format: date-time */
            actual_end_time?: string | null;
            /** Format: date-time */
            actual_start_time?: string | null;
            batch_number?: string | null;
            /** Format: date-time */
            closed_at?: string | null;
            completed_by?: string | null;
            /** Format: date-time */
            created_at?: string;
            created_by?: string;
            /** @description Empty: make to stock. */
            customer_id?: string | null;
            downtime_minutes?: number;
            electronic_batch_record_id?: string | null;
            erp_order_id?: string | null;
            /** Format: date */
            expiry_date?: string | null;
            /** @description Id of one of the factories, such as FAC-000001. */
            factory_id?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            first_pass_yield_percentage?: number | null;
            good_quantity?: number;
            /** @description Set aside for a decision (material review board). */
            held_quantity?: number;
            hold_reason?: string | null;
            /** @description Id of one of the production_lines, such as LINE-000001, or its line_number. */
            line_id?: string | null;
            /** @description The finished lot, made at release. */
            lot_number?: string | null;
            notes?: string | null;
            /** @enum {string} */
            order_type?: "production" | "split" | "rework";
            /** @description Id of one of the work_orders, such as WO-000001, or its work_order_number. */
            parent_work_order_id?: string | null;
            planned_cycle_time_seconds?: number | null;
            /** Format: date */
            planned_end_date?: string | null;
            planned_quantity?: number;
            /** Format: date */
            planned_start_date?: string | null;
            /** @description 1 highest to 10 lowest; 5 where not given. */
            priority?: number;
            produced_quantity?: number;
            /** @description Id of one of the products, such as PROD-000001, or its product_code. */
            product_id?: string;
            quality_hold?: boolean;
            /** @enum {string} */
            quality_status?: "pending" | "approved" | "rejected" | "conditional";
            rejected_quantity?: number;
            requires_validation?: boolean;
            rework_quantity?: number;
            run_time_minutes?: number;
            sales_order_number?: string | null;
            /** Format: date-time */
            scheduled_end_time?: string | null;
            /** Format: date-time */
            scheduled_start_time?: string | null;
            scrapped_quantity?: number;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            setup_time_minutes?: number;
            /** @description Exact, at most four places and eleven digits before the point. */
            standard_cost_per_unit?: number | null;
            /** @enum {string} */
            status?: "created" | "released" | "scheduled" | "in_progress" | "on_hold" | "completed" | "closed" | "cancelled";
            /**
             * @description What resume goes back to.
             * @enum {string|null}
             */
            status_before_hold?: "created" | "released" | "scheduled" | "in_progress" | "on_hold" | "completed" | "closed" | "cancelled" | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            total_labor_cost?: number;
            /** @description Exact, at most four places and eleven digits before the point. */
            total_material_cost?: number;
            /** @description Exact, at most four places and eleven digits before the point. */
            total_overhead_cost?: number;
            /** @enum {string} */
            unit_of_measure?: "EA" | "SHEET" | "KG" | "M2" | "M" | "L";
            /** Format: date-time */
            updated_at?: string;
            validation_status?: string | null;
            /** @description Id of one of the work_orders, such as WO-000001, or its work_order_number. */
            work_order_id?: string;
            work_order_number?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            yield_percentage?: number | null;
        };
        /** @description An operation of a work order. */
        WorkOrderOperation: {
            actual_duration_minutes?: number | null;
            /** Format: date-time */
            actual_end_time?: string | null;
            actual_setup_time_minutes?: number | null;
            /** Format: date-time */
            actual_start_time?: string | null;
            /** @description Good pieces. */
            completed_quantity?: number;
            /** Format: date-time */
            created_at?: string;
            /** @description Sequences it waits for. */
            depends_on?: number[];
            /** @description Exact, at most four places and eleven digits before the point. */
            efficiency_percentage?: number | null;
            held_quantity?: number;
            /** @enum {string|null} */
            inspection_status?: "pending" | "passed" | "failed" | null;
            /** Format: date-time */
            inspection_timestamp?: string | null;
            /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
            inspector_id?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            labor_hours?: number;
            /** @description Id of one of the production_lines, such as LINE-000001, or its line_number. */
            line_id?: string | null;
            /** @description Id of one of the machines, such as MACH-000001, or its machine_code. */
            machine_id?: string | null;
            operation_code?: string | null;
            /** @description Id of one of the work_order_operations, such as OP-000001. */
            operation_id?: string;
            operation_name?: string;
            operation_sequence?: number;
            /** @description Id of one of the employees, such as EMP-000001, or its employee_code. */
            operator_id?: string | null;
            planned_duration_minutes?: number | null;
            /** Format: date-time */
            planned_end_time?: string | null;
            planned_quantity?: number;
            planned_setup_time_minutes?: number | null;
            /** Format: date-time */
            planned_start_time?: string | null;
            rejected_quantity?: number;
            requires_inspection?: boolean;
            rework_quantity?: number;
            safety_notes?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            scrap_rate_percentage?: number | null;
            scrapped_quantity?: number;
            /** @description The journal entry that last touched the record: its version. */
            seq?: number;
            /** @description Id of one of the shifts, such as SHIFT-000001, or its shift_code. */
            shift_id?: string | null;
            /** @description Exact, at most four places and eleven digits before the point. */
            standard_time_per_unit_seconds?: number | null;
            /** @enum {string} */
            status?: "pending" | "ready" | "in_progress" | "completed" | "skipped" | "on_hold";
            /** Format: date-time */
            updated_at?: string;
            work_center_code?: string | null;
            /** @description Id of one of the work_centers, such as WC-000001, or its work_center_code. */
            work_center_id?: string | null;
            work_instructions?: string | null;
            /** @description Id of one of the work_orders, such as WO-000001, or its work_order_number. */
            work_order_id?: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
