using System.Runtime.CompilerServices;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Finds the layout of a resource.</summary>
public static class TableLayouts
{
    // Keyed by the schema itself, so that a changed definition brings its own columns and the old ones go with it.
    private static readonly ConditionalWeakTable<ResourceSchema, TableLayout> Custom = [];

    /// <summary>Built-in resources have their own; custom ones follow the columns of their definition.</summary>
    public static TableLayout For(ResourceSchema schema)
    {
        if (!schema.IsCustom) return BuiltInTables.Find(schema.Type.ToString()) ?? TableLayout.Default;
        return Custom.GetValue(schema, static s => CustomTable.Create([.. s.Columns
            .Where(static c => c.JsonPath.Length > 0)
            .Select(static c => new PrinterColumn(c.Name, c.Type, c.JsonPath, c.Format, c.Description, c.Priority))]));
    }
}
