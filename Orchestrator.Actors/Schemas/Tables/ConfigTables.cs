using System.Text.Json;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>Configuration, identities and quotas of a namespace.</summary>
internal static class ConfigTables
{
    public static TableLayout ConfigMaps { get; } = new("Name, Data, Age", static row =>
        row.Name().Number(row.Object.Count("data") + row.Object.Count("binaryData")).Age());

    public static TableLayout Secrets { get; } = new("Name, Type, Data, Age", static row =>
        row.Name().Text(row.Object.Text("type")).Number(row.Object.Count("data")).Age());

    public static TableLayout ServiceAccounts { get; } = new("Name, Secrets, Age", static row =>
        row.Name().Number(row.Object.Count("secrets")).Age());

    public static TableLayout ResourceQuotas { get; } = new("Name, Age, Request, Limit", static row =>
    {
        var hard = row.Status.Entries("hard").OrderBy(static e => e.Name, StringComparer.Ordinal)
            .ToLookup(static e => e.Name.StartsWith("limits.", StringComparison.Ordinal));
        row.Name().Age().Text(Usage(row.Status, hard[false])).Text(Usage(row.Status, hard[true]));
    });

    private static string Usage(JsonElement status, IEnumerable<JsonProperty> hard)
    {
        var used = status.Get("used");
        return string.Join(", ", hard.Select(e => $"{e.Name}: {(used.Text(e.Name) is { Length: > 0 } amount ? amount : "0")}/{e.Value.Text()}"));
    }
}
