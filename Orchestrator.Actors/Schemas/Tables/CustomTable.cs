using System.Collections.Immutable;
using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>One of a CustomResourceDefinition's additionalPrinterColumns.</summary>
public sealed record PrinterColumn(string Name, string Type, string JsonPath, string Format = "", string Description = "", int Priority = 0);

/// <summary>Layouts made of paths into the object, as custom resources declare them.</summary>
public static class CustomTable
{
    private static readonly PrinterColumn Age = new("Age", "date", ".metadata.creationTimestamp");

    /// <summary>The name and then <paramref name="columns"/>; where there are none, the age.</summary>
    public static TableLayout Create(ImmutableArray<PrinterColumn> columns)
    {
        if (columns.IsDefaultOrEmpty) columns = [Age];
        var definitions = TableColumn.ParseAll("Name").AddRange(columns.Select(static c =>
            new TableColumn(c.Name, c.Type, c.Format, c.Description.Length > 0 ? c.Description : $"The value at {c.JsonPath}.", c.Priority)));
        var paths = columns.Select(static c => JsonPath.TryParse(c.JsonPath, out var path) ? path : null).ToArray();
        return new TableLayout(definitions, row =>
        {
            row.Name();
            for (var i = 0; i < paths.Length; i++) WriteCell(row, columns[i].Type, paths[i]);
        });
    }

    // A value of another type than its column's is shown as nothing, so that one odd object spoils no list.
    private static void WriteCell(TableRow row, string type, JsonPath? path)
    {
        var value = path is null ? default : path.Select(row.Object).FirstOrDefault();
        switch (type, value.ValueKind)
        {
            case ("string", not (JsonValueKind.Undefined or JsonValueKind.Null)):
            case ("password", JsonValueKind.String):
                row.Text(value.Text());
                break;
            case ("integer", JsonValueKind.Number):
                if (value.TryGetInt64(out var whole)) row.Number(whole);
                else row.Number((long)value.GetDouble());
                break;
            case ("number", JsonValueKind.Number):
                row.Number(value.GetDouble());
                break;
            case ("boolean", JsonValueKind.True or JsonValueKind.False):
                row.Flag(value.ValueKind == JsonValueKind.True);
                break;
            case ("date", JsonValueKind.String):
                row.Text(TableRow.TryParseTime(value.GetString(), out _) ? row.Since(value.GetString()) : "<invalid>");
                break;
            default:
                row.Null();
                break;
        }
    }
}
