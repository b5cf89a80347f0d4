using System.Collections.Immutable;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Reads one <c>resource</c> paragraph of the text that <see cref="SchemaText"/> explains.</summary>
internal static class ResourceText
{
    private static readonly ImmutableArray<string> AllVerbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

    public static ResourceSchema Read(ReadOnlySpan<string> lines, Func<string, TypeSchema> typeOf)
    {
        var words = lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var flags = words.Skip(2).Select(w => w.Split('=', 2)).ToDictionary(p => p[0], p => p.Length > 1 ? p[1] : "", StringComparer.Ordinal);
        var group = flags.GetValueOrDefault("group", "");
        var kind = flags["kind"];
        var resource = new ResourceSchema
        {
            Type = new ResourceType(group, words[1]),
            StoredAs = flags.TryGetValue("storedas", out var stored) ? ResourceType.Parse(stored) : default,
            Version = flags["version"],
            Kind = kind,
            ListKind = kind + "List",
            Singular = kind.ToLowerInvariant(),
            Namespaced = flags.ContainsKey("namespaced"),
            Served = flags.ContainsKey("served"),
            Storage = !flags.ContainsKey("converted"),
            IsVirtual = flags.ContainsKey("virtual"),
            Root = typeOf(flags["type"]),
            UpdateNeedsVersion = flags.ContainsKey("versioned"),
            UpdateMayCreate = flags.ContainsKey("upsert"),
            TellsDeleted = flags.ContainsKey("telldeleted"),
            DeprecationWarning = flags.TryGetValue("deprecated", out var since) ? $"{flags["version"]} {kind} is deprecated in {since}+" : "",
            ShortNames = Words(flags, "short"),
            Categories = Words(flags, "categories"),
            Verbs = flags.ContainsKey("verbs") ? Words(flags, "verbs") : AllVerbs,
            Generation = Enum.Parse<GenerationRule>(flags.GetValueOrDefault("generation", "None"), ignoreCase: true),
            NameRule = NameRuleOf(flags.GetValueOrDefault("name", "")),
        };
        foreach (var line in lines[1..]) resource = ReadLine(resource, line.Trim());
        return resource;
    }

    private static ResourceSchema ReadLine(ResourceSchema resource, string line)
    {
        var blank = line.IndexOf(' ', StringComparison.Ordinal);
        var value = line[(blank + 1)..];
        return line[..blank] switch
        {
            ">" => resource with { Description = value },
            "subresource" => resource with { Subresources = resource.Subresources.Add(ReadSubresource(resource, value)) },
            "column" => resource with { Columns = [.. value.Split(", ").Select(ReadColumn)] },
            "select" => resource with { SelectableFields = [.. value.Split(',').Select(ReadSelectable)] },
            _ => throw new FormatException($"unknown line in a schema: {line}"),
        };
    }

    private static SubresourceSchema ReadSubresource(ResourceSchema resource, string text)
    {
        var words = text.Split(' ');
        string group = resource.Group, version = resource.Version, kind = resource.Kind, spec = "", status = "", selector = "";
        foreach (var word in words.AsSpan(2))
        {
            if (word.StartsWith("replicas=", StringComparison.Ordinal))
            {
                var paths = word["replicas=".Length..].Split(',');
                (spec, status) = (paths[0], paths[1]);
            }
            else if (word.StartsWith("selector=", StringComparison.Ordinal)) selector = word["selector=".Length..];
            else
            {
                var parts = word.Split('/');
                (group, version, kind) = (parts[0] == "core" ? "" : parts[0], parts[1], parts[2]);
            }
        }
        return new SubresourceSchema(words[0], [.. words[1].Split(',')], group, version, kind)
        {
            SpecReplicasPath = spec,
            StatusReplicasPath = status,
            SelectorPath = selector,
        };
    }

    private static ColumnSchema ReadColumn(string text)
    {
        var wide = text.EndsWith('*');
        if (wide) text = text[..^1];
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var type = colon < 0 ? "string" : text[(colon + 1)..];
        var name = (colon < 0 ? text : text[..colon]).Replace('_', ' ');
        return new ColumnSchema(name, type, wide ? 1 : 0) { Format = name == "Name" ? "name" : "" };
    }

    private static SelectableField ReadSelectable(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0) return new SelectableField(text, [.. text.Split('.')]);
        var value = text[(equals + 1)..];
        var name = text[..equals];
        return value is "false" or "0"
            ? new SelectableField(name, [.. name.Split('.')], value)
            : value.Split('|') is [var first, var second]
                ? new SelectableField(name, [.. first.Split('.')]) { Otherwise = [.. second.Split('.')] }
                : new SelectableField(name, [.. value.Split('.')]);
    }

    private static NameRule NameRuleOf(string word) => word switch
    {
        "label" => NameRule.DnsLabel,
        "1035label" => NameRule.Dns1035Label,
        "path" => NameRule.PathSegment,
        _ => NameRule.DnsSubdomain,
    };

    private static ImmutableArray<string> Words(Dictionary<string, string> flags, string name) =>
        flags.TryGetValue(name, out var value) ? [.. value.Split(',')] : [];
}
