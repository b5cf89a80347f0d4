using System.Collections.Immutable;

namespace Orchestrator.Actors.Schemas.Tables;

/// <summary>One entry of <c>columnDefinitions</c> of a meta.k8s.io Table.</summary>
/// <param name="Name">The heading.</param>
/// <param name="Type">An OpenAPI type: string, integer, number, boolean or date.</param>
/// <param name="Format">An OpenAPI format; <c>name</c> marks the column that identifies the object.</param>
/// <param name="Description">What the column shows.</param>
/// <param name="Priority">0 is always shown; clients show 1 only in wide output.</param>
public sealed record TableColumn(string Name, string Type, string Format, string Description, int Priority)
{
    /// <summary>Reads <c>Name, Ready, Desired:integer, IP*</c>: a type after a colon, and a star for wide output only.</summary>
    internal static ImmutableArray<TableColumn> ParseAll(string text)
    {
        var columns = ImmutableArray.CreateBuilder<TableColumn>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var wide = part.EndsWith('*');
            var spec = wide ? part[..^1] : part;
            var colon = spec.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? spec : spec[..colon];
            columns.Add(new TableColumn(name, colon < 0 ? "string" : spec[(colon + 1)..], name == "Name" ? "name" : "", Describe(name), wide ? 1 : 0));
        }
        return columns.ToImmutable();
    }

    private static string Describe(string name) => name switch
    {
        "Name" => "The name of the object, unique among those of its kind in its namespace.",
        "Age" => "The time since the object was created.",
        "Created At" => "The time at which the object was created, in RFC 3339 form.",
        "Ready" => "How many of the wanted parts are ready to serve.",
        "Containers" => "The names of the containers of the pod template.",
        "Images" => "The images of the containers of the pod template.",
        "Selector" => "The labels by which the object selects others.",
        _ => $"{name} of the object.",
    };
}
