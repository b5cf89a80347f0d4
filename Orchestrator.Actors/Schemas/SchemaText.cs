using System.Collections.Immutable;
using System.Globalization;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>Reads the text that describes built-in types.</summary>
/// <remarks>
/// <code>
/// # a comment
/// resource deployments kind=Deployment type=apps.v1.Deployment group=apps version=v1 namespaced served short=deploy generation=spec
///   > what it is
///   subresource status get,patch,update
///   column Name, Ready, Selector*                           (* = only when wide; _ = blank; Name:integer gives a type)
///   select spec.nodeName,spec.hostNetwork=false,a=b.c       (=false: what absent counts as; =b.c: where the field really is)
///
/// type apps.v1.DeploymentSpec [atomic]
///   > what it is
///   replicas int32 #1 default=1 min=0 -- what it means
/// </code>
/// <c>versioned</c>: an update must name the version that it replaces; <c>upsert</c>: an update may create; <c>deprecated=v1.19</c>: since when.
/// <c>converted</c> says that objects are stored in another version of the kind; <c>virtual</c> that nothing is stored.
/// A field is: name, type, #protobuf numbers, flags, documentation. Types: string, bool, int32, int64, double, bytes, quantity,
/// time, microtime, duration, intorstring, any, raw, the name of another type, []T, map[string]T. Flags: required, default=JSON,
/// default0=JSON (also replaces 0), enum=A|B, min=, max=, minLength= (0: though required it may be empty or absent, which is one in Go; a rule of the kind asks for it), maxLength=,
/// minItems= (1: an empty list is a missing one), format= (label, subdomain, port and so on), patch=, mergeKey=, list=, keys=, map=atomic.
/// No value of a flag contains a blank.
/// </remarks>
internal sealed class SchemaText
{
    private static readonly Dictionary<string, TypeSchema> Scalars = new(StringComparer.Ordinal)
    {
        ["string"] = new(SchemaKind.String),
        ["bool"] = new(SchemaKind.Bool),
        ["int32"] = new(SchemaKind.Int32),
        ["int64"] = new(SchemaKind.Int64),
        ["double"] = new(SchemaKind.Double),
        ["bytes"] = new(SchemaKind.Bytes),
        ["quantity"] = new(SchemaKind.Quantity),
        ["time"] = new(SchemaKind.Time),
        ["microtime"] = new(SchemaKind.MicroTime),
        ["duration"] = new(SchemaKind.Duration),
        ["intorstring"] = new(SchemaKind.IntOrString),
        ["any"] = new(SchemaKind.Any),
        ["raw"] = new(SchemaKind.RawObject),
    };

    private readonly Dictionary<string, TypeSchema> _types = new(StringComparer.Ordinal);
    private readonly List<ResourceSchema> _resources = [];

    public IReadOnlyDictionary<string, TypeSchema> Types => _types;

    public IReadOnlyList<ResourceSchema> Resources => _resources;

    /// <summary>Adds the types of one file, then its resources; the types that a resource names may be in any file.</summary>
    public void AddTypes(string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("type ", StringComparison.Ordinal)) continue;
            var words = lines[i].Split(' ');
            var first = i + 1;
            var description = "";
            if (first < lines.Length && lines[first].StartsWith("  > ", StringComparison.Ordinal)) description = lines[first++][4..];
            while (i + 1 < lines.Length && lines[i + 1].StartsWith("  ", StringComparison.Ordinal)) i++;
            var end = i + 1;
            _types[words[1]] = new TypeSchema(SchemaKind.Object, () => ReadFields(lines.AsSpan(first, end - first)))
            {
                Name = words[1],
                Description = description,
                Atomic = words.Length > 2 && words[2] == "atomic",
            };
        }
    }

    public void AddResources(string[] lines)
    {
        for (var i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith("resource ", StringComparison.Ordinal)) continue;
            var first = i;
            while (i + 1 < lines.Length && lines[i + 1].StartsWith("  ", StringComparison.Ordinal)) i++;
            _resources.Add(ResourceText.Read(lines.AsSpan(first, i + 1 - first), name => _types[name]));
        }
    }

    private ImmutableArray<FieldSchema> ReadFields(ReadOnlySpan<string> lines)
    {
        var fields = ImmutableArray.CreateBuilder<FieldSchema>(lines.Length);
        foreach (var line in lines) fields.Add(ReadField(line));
        return fields.MoveToImmutable();
    }

    private FieldSchema ReadField(string line)
    {
        var description = "";
        var separator = line.IndexOf(" -- ", StringComparison.Ordinal);
        if (separator >= 0)
        {
            description = line[(separator + 4)..];
            line = line[..separator];
        }
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var flags = new FieldFlags();
        foreach (var word in words.AsSpan(2)) flags.Read(word);
        return new FieldSchema
        {
            Name = words[0],
            Type = TypeOf(words[1], flags),
            Description = description,
            Required = flags.Required,
            ToldByRules = flags.ToldByRules,
            Default = flags.Default,
            DefaultReplacesZero = flags.DefaultReplacesZero,
            Patch = flags.Patch,
            PatchMergeKey = flags.MergeKey,
            ProtobufPath = flags.Protobuf,
        };
    }

    private TypeSchema TypeOf(string text, FieldFlags? flags = null)
    {
        if (text.StartsWith("[]", StringComparison.Ordinal))
        {
            return new TypeSchema(SchemaKind.List)
            {
                Items = TypeOf(text[2..]),
                ListType = flags?.List ?? default,
                ListKeys = flags?.Keys ?? [],
                Constraints = flags?.Constraints(),
            };
        }
        if (text.StartsWith("map[string]", StringComparison.Ordinal))
            return new TypeSchema(SchemaKind.Map) { Items = TypeOf(text[11..]), Atomic = flags?.Atomic ?? false, Constraints = flags?.Constraints() };
        if (!Scalars.TryGetValue(text, out var scalar))
        {
            // What is kept as it is may have a name, under which OpenAPI tells of it.
            return text.Split(':') is [var kept, var name] ? new TypeSchema(Scalars[kept].Kind) { Name = name } : _types[text];
        }
        return flags?.Constraints() is { } constraints ? new TypeSchema(scalar.Kind) { Constraints = constraints } : scalar;
    }

    /// <summary>The flags of one field's line.</summary>
    private sealed class FieldFlags
    {
        public bool Required, ToldByRules, DefaultReplacesZero, Atomic;
        public JsonNode? Default;
        public PatchStrategies Patch;
        public string MergeKey = "";
        public ListMergeType List;
        public ImmutableArray<string> Keys = [];
        public ImmutableArray<int> Protobuf = [];
        private ImmutableArray<string> _enum = [];
        private double? _min, _max;
        private long? _minLength, _maxLength, _minItems;
        private string _format = "";
        private bool _limited;

        public ValueConstraints? Constraints() => !_limited ? null : new ValueConstraints
        {
            Enum = _enum,
            Minimum = _min,
            Maximum = _max,
            MinLength = _minLength,
            MaxLength = _maxLength,
            MinItems = _minItems,
            Format = _format,
        };

        public void Read(string word)
        {
            if (word[0] == '#') { Protobuf = [.. word[1..].Split('.').Select(n => int.Parse(n, CultureInfo.InvariantCulture))]; return; }
            var equals = word.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? word : word[..equals];
            var value = equals < 0 ? "" : word[(equals + 1)..];
            switch (name)
            {
                case "required": Required = true; break;
                case "rules": ToldByRules = true; break;
                case "default": Default = JsonNode.Parse(value); break;
                case "default0": Default = JsonNode.Parse(value); DefaultReplacesZero = true; break;
                case "patch": Patch = PatchOf(value); break;
                case "mergeKey": MergeKey = value; break;
                case "list": List = Enum.Parse<ListMergeType>(value, ignoreCase: true); break;
                case "keys": Keys = [.. value.Split(',')]; break;
                case "map": Atomic = value == "atomic"; break;
                default: ReadLimit(name, value); break;
            }
        }

        private void ReadLimit(string name, string value)
        {
            _limited = true;
            switch (name)
            {
                case "enum": _enum = [.. value.Split('|')]; break;
                case "min": _min = double.Parse(value, CultureInfo.InvariantCulture); break;
                case "max": _max = double.Parse(value, CultureInfo.InvariantCulture); break;
                case "minLength": _minLength = long.Parse(value, CultureInfo.InvariantCulture); break;
                case "maxLength": _maxLength = long.Parse(value, CultureInfo.InvariantCulture); break;
                case "minItems": _minItems = long.Parse(value, CultureInfo.InvariantCulture); break;
                case "format": _format = value; break;
                default: throw new FormatException($"unknown flag {name} in a schema");
            }
        }

        private static PatchStrategies PatchOf(string value)
        {
            var strategies = PatchStrategies.None;
            foreach (var word in value.Split(',')) strategies |= Enum.Parse<PatchStrategies>(word, ignoreCase: true);
            return strategies;
        }
    }
}
