using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Schemas;

/// <summary>What becomes of unknown and duplicate fields: the <c>fieldValidation</c> parameter of a request.</summary>
public enum FieldValidation : byte
{
    Warn,
    Ignore,
    Strict,
}

/// <summary>A body as an object of the wanted type, or the refusal.</summary>
/// <param name="Tree">Pruned of unknown fields and of nulls that mean nothing; the caller's to change. Null with an error.</param>
/// <param name="Warnings">One per unknown or duplicate field, when they are to be told.</param>
public readonly record struct DecodedObject(JsonObject? Tree, ImmutableArray<string> Warnings, ApiError? Error)
{
    /// <summary>What is wrong with the fields, for whoever words the refusal otherwise; null where the body as a whole is at fault.</summary>
    public DecodeFault? Fault { get; init; }

    /// <summary>There would be warnings, if they were to be told.</summary>
    public bool HasRemarks { get; init; }
}

/// <summary>Why fields do not fit their types.</summary>
/// <param name="Text">In the words of a JSON decoder.</param>
/// <param name="Restoring">In those of the converter that turns maps into objects: <c>cannot restore map from string</c>.</param>
public sealed record DecodeFault(string Text, string Restoring);

/// <summary>Keys that a YAML text gives more than once.</summary>
/// <param name="Head">What the strict decoder puts before them.</param>
/// <param name="Lines">A remark for each, with its line.</param>
public sealed record YamlDuplicates(string Head, IReadOnlyList<string> Lines)
{
    /// <summary>The error of the strict decoder; a client that is only warned gets the lines one by one.</summary>
    public override string ToString() => $"{Head}\n  {string.Join("\n  ", Lines)}";
}

/// <summary>Turns bodies into trees that fit the schema: JSON of the right kind, values of the right type, no unknown field.</summary>
/// <remarks>Faults have the status, reason and text that kube-apiserver gives them.</remarks>
public static class ObjectDecoder
{
    /// <summary>Reads the body of a create or an update of <paramref name="schema"/>.</summary>
    /// <param name="yaml">What YAML gave more than once before it became this JSON.</param>
    public static DecodedObject Decode(ResourceSchema schema, ReadOnlySpan<byte> body, FieldValidation validation, YamlDuplicates? yaml = null) =>
        Settled(schema, Decode(schema.Root, schema.Group, schema.Version, schema.Kind, body, validation, yaml));

    /// <summary>Reads the body of a create; the spec of an object that is one of many of a template is the one that all of these share, frozen.</summary>
    public static DecodedObject DecodeNew(ResourceSchema schema, ReadOnlySpan<byte> body, FieldValidation validation, YamlDuplicates? yaml = null)
    {
        if (!TemplateSpec.Has(schema)) return Decode(schema, body, validation, yaml);
        var parsed = ObjectJson.Parse(body, TemplateSpec.Field, out var part);
        var decoded = Decode(schema.Root, schema.Group, schema.Version, schema.Kind, parsed, body, validation, yaml);
        // What there is to remark on the fields has to be told each time.
        if (part.End.Value > 0 && !decoded.HasRemarks && parsed.Duplicates is null && JsonTree.Object(decoded.Tree, "spec") is { } spec) TemplateSpec.Keep(schema, body[part], spec);
        return decoded;
    }

    /// <summary>Reads a body of another kind, such as DeleteOptions, Binding or Scale.</summary>
    /// <remarks>apiVersion and kind may be absent, as in Kubernetes; they are filled in.</remarks>
    public static DecodedObject Decode(TypeSchema type, string group, string version, string kind, ReadOnlySpan<byte> body, FieldValidation validation, YamlDuplicates? yaml = null) =>
        Decode(type, group, version, kind, ObjectJson.Parse(body), body, validation, yaml);

    private static DecodedObject Decode(
        TypeSchema type, string group, string version, string kind, in ParsedJson parsed, ReadOnlySpan<byte> body, FieldValidation validation, YamlDuplicates? yaml)
    {
        if (parsed.Fault is { } fault) return Unrecognized(kind, $"couldn't get version/kind; json parse error: {fault}", body);
        if (parsed.Tree is not JsonObject tree)
        {
            var what = JsonTree.KindOf(parsed.Tree);
            return Unrecognized(kind, "couldn't get version/kind; json parse error: json: cannot unmarshal " +
                $"{what} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}", body);
        }
        return CheckEnvelope(group, version, kind, tree) is { } error
            ? new DecodedObject(null, [], error)
            : Check(type, version, kind, tree, validation, parsed.Duplicates, type.Name.Length > 0 ? body : default, yaml);
    }

    /// <summary>Checks a tree that a patch has made; it is pruned in place.</summary>
    /// <param name="duplicates">What the patch gives more than once.</param>
    public static DecodedObject Check(ResourceSchema schema, JsonObject tree, FieldValidation validation, List<string>? duplicates = null) =>
        CheckEnvelope(schema.Group, schema.Version, schema.Kind, tree) is { } error
            ? new DecodedObject(null, [], error) { Fault = schema.IsCustom ? null : UnknownKind(schema, tree) }
            : Settled(schema, Check(schema.Root, schema.Version, schema.Kind, tree, validation, duplicates));

    private static DecodedObject Settled(ResourceSchema schema, DecodedObject decoded)
    {
        if (schema.IsCustom) UntypedNumbers.Settle(decoded.Tree);
        return decoded;
    }

    private static DecodeFault UnknownKind(ResourceSchema schema, JsonObject tree)
    {
        var kind = JsonTree.String(tree, "kind") ?? schema.Kind;
        var version = JsonTree.String(tree, "apiVersion") ?? schema.Version;
        var text = $"no kind {GoQuote.Quote(kind)} is registered for version {GoQuote.Quote(version)} in scheme \"pkg/api/legacyscheme/scheme.go:30\"";
        return new DecodeFault(text, text);
    }

    private static DecodedObject Check(TypeSchema type, string version, string kind, JsonObject tree, FieldValidation validation, List<string>? duplicates, ReadOnlySpan<byte> body = default, YamlDuplicates? yaml = null)
    {
        var pruner = new Pruner();
        pruner.PruneObject(tree, type, null, type.Name.Length > 0);
        if (pruner.Fault is { } fault) return Refuse(kind, version, fault, pruner.Restoring ?? fault);

        var plain = duplicates is null && pruner.Unknown is null && yaml is null;
        if (plain || validation == FieldValidation.Ignore) return new DecodedObject(tree, [], null) { HasRemarks = !plain };
        var warnings = ImmutableArray.CreateBuilder<string>();
        if (!body.IsEmpty && duplicates is not null && pruner.Unknown is not null) warnings.AddRange(InOrder(body, duplicates, pruner.Unknown));
        else
        {
            foreach (var path in duplicates ?? []) warnings.Add($"duplicate field \"{path}\"");
            foreach (var path in pruner.Unknown ?? []) warnings.Add($"unknown field \"{path}\"");
        }
        if (validation != FieldValidation.Strict) return new DecodedObject(tree, [.. yaml?.Lines ?? [], .. warnings], null) { HasRemarks = true };
        if (yaml is not null) warnings.Insert(0, yaml.ToString());
        return Refuse(kind, version, $"strict decoding error: {string.Join(", ", warnings)}", null);
    }

    // A decoder into structs comes upon both in the order of the text, and does not look into fields that it does not know.
    private static IEnumerable<string> InOrder(ReadOnlySpan<byte> body, List<string> duplicates, List<string> unknown)
    {
        var found = new List<(int Place, string Text)>(duplicates.Count + unknown.Count);
        var (first, again) = ObjectJson.Places(body);
        foreach (var path in unknown) found.Add((first.GetValueOrDefault(path, int.MaxValue), $"unknown field \"{path}\""));
        foreach (var path in duplicates)
            if (!unknown.Exists(u => path == u || path.StartsWith(u + ".", StringComparison.Ordinal) || path.StartsWith(u + "[", StringComparison.Ordinal)))
                found.Add((again.GetValueOrDefault(path, int.MaxValue), $"duplicate field \"{path}\""));
        return found.OrderBy(static f => f.Place).Select(static f => f.Text).Distinct();
    }

    private static ApiError? CheckEnvelope(string group, string version, string kind, JsonObject tree)
    {
        var wanted = group.Length == 0 ? version : $"{group}/{version}";
        foreach (var name in (ReadOnlySpan<string>)["apiVersion", "kind"])
        {
            if (!tree.TryGetPropertyValue(name, out var node) || node is null || JsonTree.AsString(node) is "") continue;
            if (!JsonTree.IsString(node, out _))
                return ApiError.BadRequest($"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: " +
                    $"json: cannot unmarshal {JsonTree.KindOf(node)} into Go struct field .{name} of type string");
        }
        var apiVersion = JsonTree.String(tree, "apiVersion") is { Length: > 0 } given ? given : wanted;
        var givenKind = JsonTree.String(tree, "kind") is { Length: > 0 } k ? k : kind;
        if (givenKind != kind)
        {
            var givenVersion = apiVersion[(apiVersion.LastIndexOf('/') + 1)..];
            return ApiError.BadRequest($"{givenKind} in version \"{givenVersion}\" cannot be handled as a {kind}: the kind in the data ({givenKind}) does not match the expected kind ({kind})");
        }
        if (apiVersion != wanted)
            return ApiError.BadRequest($"the API version in the data ({apiVersion}) does not match the expected API version ({wanted})");
        tree["apiVersion"] = wanted;
        tree["kind"] = kind;
        return null;
    }

    private static DecodedObject Refuse(string kind, string version, string fault, string? restoring) =>
        new(null, [], ApiError.BadRequest($"{kind} in version \"{version}\" cannot be handled as a {kind}: {fault}"))
        { Fault = new DecodeFault(fault, restoring ?? fault) };

    private static DecodedObject Unrecognized(string kind, string fault, ReadOnlySpan<byte> body) =>
        new(null, [], ApiError.BadRequest($"the object provided is unrecognized (must be of type {kind}): {fault} ({Summarize(body)})"));

    private static string Summarize(ReadOnlySpan<byte> body)
    {
        const int Shown = 30;
        if (body.IsEmpty) return "<empty>";
        var head = body[..Math.Min(Shown, body.Length)];
        var text = body[0] == '{' ? Encoding.UTF8.GetString(head) : Convert.ToHexStringLower(head);
        return body.Length > Shown ? text + " ..." : text;
    }
}
