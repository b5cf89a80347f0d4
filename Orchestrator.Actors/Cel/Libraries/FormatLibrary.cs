using Orchestrator.Actors.Cel.Checking;
using Orchestrator.Actors.Cel.Evaluation;
using Orchestrator.Actors.Cel.Types;
using Orchestrator.Actors.Cel.Values;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Cel.Libraries;

/// <summary>A named check of strings.</summary>
/// <param name="name">Such as <c>dns1123Label</c>.</param>
/// <param name="check">The faults of a text; none when it is valid.</param>
/// <param name="patternSize">What the check costs, as the length of a pattern.</param>
internal sealed class CelNamedFormat(string name, Func<string, IEnumerable<string>> check, long patternSize = CelCosts.FormatPattern) : CelValue
{
    public long PatternSize => patternSize;

    public static CelType FormatType { get; } = CelType.Opaque("kubernetes.NamedFormat");

    public string Name => name;

    public IEnumerable<string> Check(string text) => check(text);

    public override CelType Type => FormatType;

    public override bool SameAs(CelValue other) => other is CelNamedFormat f && f.Name == name;
}

/// <summary><c>format.dns1123Label().validate(text)</c> and its kin.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/cel/library/format.go.</remarks>
internal static class FormatLibrary
{
    private static readonly Dictionary<string, CelNamedFormat> Formats = new CelNamedFormat[]
    {
        new("dns1123Label", static t => One(ObjectNames.Label(t)), 30),
        new("dns1123Subdomain", static t => One(ObjectNames.Subdomain(t)), 60),
        new("dns1035Label", static t => One(ObjectNames.Label1035(t)), 30),
        new("dns1123LabelPrefix", static t => One(ObjectNames.Label(Masked(t))), 30),
        new("dns1123SubdomainPrefix", static t => One(ObjectNames.Subdomain(Masked(t))), 60),
        new("dns1035LabelPrefix", static t => One(ObjectNames.Label1035(Masked(t))), 30),
        new("qualifiedName", static t => One(ObjectNames.QualifiedName(t)), 60),
        new("labelValue", static t => One(ObjectNames.LabelValue(t)), 40),
        new("uri", static t => Uri.TryCreate(t, UriKind.Absolute, out _) || (t.StartsWith('/') && !t.Contains(' ', StringComparison.Ordinal)) ? [] : ["invalid URI for request"]),
        new("uuid", static t => StringFormats.IsValid("uuid", t) ? [] : ["does not match the UUID format"]),
        new("byte", static t => StringFormats.IsValid("byte", t) ? [] : ["invalid base64"]),
        new("date", static t => StringFormats.IsValid("date", t) ? [] : ["invalid date"]),
        new("datetime", static t => StringFormats.IsValid("date-time", t) ? [] : ["invalid datetime"]),
    }.ToDictionary(static f => f.Name, StringComparer.Ordinal);

    public static CelLibrary Build()
    {
        var library = new CelLibrary()
            .Add(".format.named(string) optional(kubernetes.NamedFormat)", static a =>
                Formats.TryGetValue(StandardLibrary.Text(a[0]), out var format) ? new CelOptional(format) : CelOptional.None)
            .Add("kubernetes.NamedFormat.validate(string) optional(list(string))", static a => Validate((CelNamedFormat)a[0], StandardLibrary.Text(a[1])), CelCostRule.Validate);
        foreach (var format in Formats.Values) library.Add($".format.{format.Name}() kubernetes.NamedFormat", _ => format);
        return library;
    }

    private static CelOptional Validate(CelNamedFormat format, string text)
    {
        var faults = format.Check(text).Select(static f => (CelValue)new CelString(f)).ToList();
        return faults.Count == 0 ? CelOptional.None : new CelOptional(new CelValues(faults));
    }

    private static IEnumerable<string> One(string? fault) => fault is null ? [] : [fault];

    // A prefix may end with the dash that what follows will make inner.
    private static string Masked(string prefix) => prefix.Length > 1 && prefix[^1] == '-' ? prefix[..^1] + "a" : prefix;
}
