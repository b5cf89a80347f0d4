using System.Text;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Host.ApiServer;

/// <summary>Which objects of a type a request wants.</summary>
public sealed record Selection(LabelSelector Labels, FieldSelector Fields)
{
    private readonly byte[][] _needles = NeedlesOf(Fields);

    public static Selection Everything { get; } = new(LabelSelector.Everything, FieldSelector.Everything);

    /// <summary>The one object of a watch by path; null for all.</summary>
    public string? Name { get; init; }

    public bool IsEverything => Labels.IsEverything && Fields.Requirements.IsEmpty && Name is null;

    public static (Selection? Selection, ApiError? Error) Read(ResourceSchema schema, string labels, string fields)
    {
        if (labels.Length == 0 && fields.Length == 0) return (Everything, null);
        var byLabel = LabelSelector.Everything;
        if (labels.Length > 0 && (byLabel = LabelSelector.Parse(labels, out var labelFault)!) is null) return (null, ApiError.BadRequest(labelFault!));
        var byField = FieldSelector.Everything;
        if (fields.Length > 0 && (byField = FieldSelector.Parse(schema, fields, out var fieldFault)!) is null) return (null, ApiError.BadRequest(fieldFault!));
        return (new Selection(byLabel, byField), null);
    }

    public bool Matches(StoredObject o)
    {
        if (Name is not null && o.Key.Name != Name) return false;
        if (!Labels.IsEverything && !Labels.Matches(o.Meta.Labels)) return false;
        if (Fields.Requirements.IsEmpty) return true;
        // A value that the bytes do not contain needs no parsing to be told absent.
        foreach (var needle in _needles)
            if (o.Json.Span.IndexOf(needle) < 0) return false;
        return Fields.Matches(o);
    }

    private static byte[][] NeedlesOf(FieldSelector fields) =>
        [.. fields.Requirements
            .Where(r => r.Equal && r.Field.Default != r.Value && r.Value.Length > 0 && r.Value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_'))
            .Select(r => Encoding.UTF8.GetBytes(r.Value))];
}
