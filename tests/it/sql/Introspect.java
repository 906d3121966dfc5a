import java.sql.*;
import java.util.*;

/** What Metabase and other tools on JDBC ask a database before they show it. */
public class Introspect {
    static List<String> rows(ResultSet rows, String... names) throws SQLException {
        var found = new ArrayList<String>();
        while (rows.next()) {
            var row = new StringJoiner("|");
            for (var name : names) row.add(String.valueOf(rows.getObject(name)));
            found.add(row.toString());
        }
        return found;
    }
    interface Ask { Object of() throws Exception; }
    static void tell(String what, Ask ask) {
        try { System.out.println(what + ": " + ask.of()); } catch (Exception error) { System.out.println(what + ": FAILED " + error.getMessage()); }
    }
    public static void main(String[] a) throws Exception {
        var props = new Properties();
        props.setProperty("user", a[2]); props.setProperty("password", a[3]); props.setProperty("ApplicationName", "Metabase");
        if (a.length > 4) { props.setProperty("sslmode", "verify-full"); props.setProperty("sslrootcert", a[4]); }
        try (var db = DriverManager.getConnection("jdbc:postgresql://" + a[0] + ":" + a[1] + "/plant", props)) {
            var about = db.getMetaData();
            tell("product", () -> about.getDatabaseProductName() + " " + about.getDatabaseMajorVersion());
            tell("schemas", () -> rows(about.getSchemas(), "TABLE_SCHEM"));
            tell("tables", () -> { var t = rows(about.getTables(null, "public", "%", new String[]{"TABLE", "VIEW", "PARTITIONED TABLE", "MATERIALIZED VIEW", "FOREIGN TABLE"}), "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE"); return t.contains("public|work_orders|TABLE") + " " + t.contains("public|open_orders|VIEW") + " " + t.size(); });
            tell("columns", () -> rows(about.getColumns(null, "public", "lots", "%"), "COLUMN_NAME", "TYPE_NAME", "DATA_TYPE", "IS_NULLABLE", "ORDINAL_POSITION"));
            tell("keys", () -> rows(about.getPrimaryKeys(null, "public", "work_orders"), "COLUMN_NAME"));
            tell("imported", () -> rows(about.getImportedKeys(null, "public", "work_orders"), "FKCOLUMN_NAME", "PKTABLE_NAME"));
            tell("exported", () -> rows(about.getExportedKeys(null, "public", "work_orders"), "FKCOLUMN_NAME", "PKTABLE_NAME"));
            tell("indexes", () -> rows(about.getIndexInfo(null, "public", "work_orders", false, true), "INDEX_NAME"));
            tell("catalogs", () -> rows(about.getCatalogs(), "TABLE_CAT"));
            tell("table privileges", () -> rows(about.getTablePrivileges(null, "public", "lots"), "PRIVILEGE"));
            tell("functions", () -> rows(about.getFunctions(null, "public", "%"), "FUNCTION_NAME").size());
            tell("udts", () -> rows(about.getUDTs(null, "public", "%", null), "TYPE_NAME").size());
            tell("types", () -> rows(about.getTypeInfo(), "TYPE_NAME", "DATA_TYPE", "PRECISION", "LITERAL_PREFIX", "CASE_SENSITIVE", "FIXED_PREC_SCALE", "AUTO_INCREMENT"));
            tell("table types", () -> rows(about.getTableTypes(), "TABLE_TYPE").contains("VIEW"));
            tell("procedures", () -> rows(about.getProcedures(null, "public", "%"), "PROCEDURE_NAME").size());
            tell("procedure columns", () -> rows(about.getProcedureColumns(null, "public", "%", "%"), "COLUMN_NAME").size());
            tell("function columns", () -> rows(about.getFunctionColumns(null, "public", "%", "%"), "COLUMN_NAME").size());
            tell("best row", () -> rows(about.getBestRowIdentifier(null, "public", "lots", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME"));
            tell("versions", () -> rows(about.getVersionColumns(null, "public", "lots"), "COLUMN_NAME", "TYPE_NAME"));
            tell("crossing", () -> rows(about.getCrossReference(null, "public", "lots", null, "public", "work_orders"), "FKCOLUMN_NAME"));
            tell("column privileges", () -> rows(about.getColumnPrivileges(null, "public", "lots", "%"), "PRIVILEGE").size());
            tell("keywords", () -> about.getSQLKeywords().length() > 0);
            tell("client", () -> rows(about.getClientInfoProperties(), "NAME").contains("ApplicationName"));
            tell("all tables", () -> rows(about.getTables(null, null, null, null), "TABLE_NAME").contains("work_orders"));
            tell("all columns", () -> rows(about.getColumns(null, null, "work_orders", null), "COLUMN_NAME").contains("planned_quantity"));
            tell("some schemas", () -> rows(about.getSchemas(null, "pub%"), "TABLE_SCHEM"));
            tell("limits", () -> about.getMaxColumnNameLength());
            tell("zone", () -> { try (var s = db.createStatement(); var r = s.executeQuery("show timezone")) { r.next(); return r.getString(1); } });
            tell("select", () -> { try (var s = db.prepareStatement("SELECT status, count(*) FROM work_orders WHERE planned_quantity > ? AND created_at < ? GROUP BY status ORDER BY 1")) {
                s.setInt(1, 0); s.setTimestamp(2, new Timestamp(System.currentTimeMillis() + 86400000L)); int n = 0; for (int i = 0; i < 7; i++) { try (var r = s.executeQuery()) { while (r.next()) n += r.getInt(2) > 0 ? 1 : 0; } } return n > 0; } });
            db.setReadOnly(true);
            db.setAutoCommit(false);
            tell("cursor", () -> { try (var s = db.createStatement()) { s.setFetchSize(2); int n = 0; try (var r = s.executeQuery("SELECT * FROM journal LIMIT 5")) { while (r.next()) n++; } return n; } });
            db.rollback();
            db.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            tell("metadata", () -> { try (var s = db.prepareStatement("SELECT work_order_number, planned_quantity, yield_percentage, created_at FROM work_orders LIMIT 1")) { var m = s.getMetaData(); var k = new StringJoiner(" "); for (int i = 1; i <= m.getColumnCount(); i++) k.add(m.getColumnTypeName(i)); return k; } });
            db.rollback();
        }
    }
}
