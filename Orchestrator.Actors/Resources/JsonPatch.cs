using System.Globalization;

namespace Orchestrator.Actors.Resources;

/// <summary>RFC 6902: a list of operations, all of which apply or none.</summary>
/// <remarks>Statuses and messages are those of kube-apiserver, which uses evanphx/json-patch.</remarks>
public static class JsonPatch
{
    /// <summary>Most operations in one patch (count).</summary>
    /// <remarks>Source: k8s.io/apiserver, maxJSONPatchOperations.</remarks>
    public const int OperationsMax = 10_000;

    /// <summary>Most that the copies of one patch may amount to (bytes of JSON): a copy into what is copied next doubles it each time.</summary>
    /// <remarks>Source: k8s.io/apiserver, JSONPatchMaxCopyBytes.</remarks>
    public const int CopiedBytesMax = 3 * 1024 * 1024;

    public static PatchedObject Apply(JsonObject current, JsonNode? patch)
    {
        if (patch is not JsonArray operations)
            return ObjectPatch.Refuse($"json: cannot unmarshal {JsonTree.KindOf(patch)} into Go value of type jsonpatch.Patch");
        if (operations.Count > OperationsMax)
            return new PatchedObject(null, new ApiError(413, "RequestEntityTooLarge", $"The allowed maximum operations in a JSON patch is {OperationsMax}, got {operations.Count}"));

        JsonNode? document = current;
        var copied = 0L;
        foreach (var node in operations)
        {
            if (node is not JsonObject operation)
                return ObjectPatch.Refuse($"json: cannot unmarshal {JsonTree.KindOf(node)} into Go value of type jsonpatch.Operation");
            if (ApplyOne(ref document, operation, ref copied) is { } fault) return new PatchedObject(null, Unprocessable) { Fault = fault };
        }
        return document is JsonObject tree
            ? new PatchedObject(tree, null)
            : ObjectPatch.Refuse($"json: cannot unmarshal {JsonTree.KindOf(document)} into Go value of type map[string]interface {{}}");
    }

    /// <summary>Kubernetes says no more than this: neither the operation nor the path.</summary>
    internal static ApiError Unprocessable { get; } = new(422, "Invalid", "the server rejected our request due to an error in our request") { HasDetails = true };

    private static string? ApplyOne(ref JsonNode? document, JsonObject operation, ref long copied)
    {
        var name = JsonTree.String(operation, "op") ?? "";
        if (JsonTree.String(operation, "path") is not { } text) return $"{name} operation failed to decode path: missing value";
        if (Pointer(text) is not { } path) return $"{name} operation does not apply: doc is missing path: {GoQuote.Quote(text)}: missing value";
        return name switch
        {
            "add" or "replace" or "test" when !operation.ContainsKey("value") && name != "test" => $"{name} operation failed to decode value: missing value",
            "add" => Add(document, path, text, operation["value"]?.DeepClone()),
            "replace" => Replace(ref document, path, text, operation["value"]?.DeepClone()),
            "remove" => Remove(document, path, text, "remove", out _),
            "test" => Test(document, path, text, operation["value"]),
            "move" or "copy" => Transfer(document, path, text, operation, name, ref copied),
            _ => $"Unexpected kind: {name}",
        };
    }

    private static string? Transfer(JsonNode? document, string[] path, string text, JsonObject operation, string name, ref long copied)
    {
        if (JsonTree.String(operation, "from") is not { } fromText || Pointer(fromText) is not { } from)
            return $"{name} operation failed to decode from: missing value";
        JsonNode? value;
        if (name == "move")
        {
            // A value cannot move into itself.
            if (text.Length > fromText.Length && text.StartsWith(fromText + "/", StringComparison.Ordinal))
                return $"move operation does not apply: doc is missing destination path: {GoQuote.Quote(text)}: missing value";
            if (Remove(document, from, fromText, "move", out value) is { } fault) return fault;
        }
        else
        {
            if (!TryGet(document, from, out value)) return $"copy operation does not apply: doc is missing from path: {GoQuote.Quote(fromText)}: missing value";
            copied += JsonLength.Of(value);
            if (copied > CopiedBytesMax) return $"Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit {CopiedBytesMax}";
            value = value?.DeepClone();
        }
        return Add(document, path, text, value, name);
    }

    private static string? Add(JsonNode? document, string[] path, string text, JsonNode? value, string name = "add")
    {
        // The whole document is replaced, never added: the library that upstream uses finds no place for it.
        if (path.Length == 0 || !TryGet(document, path.AsSpan(0, path.Length - 1), out var owner)) return Missing(name, text);
        switch (owner)
        {
            case JsonObject tree:
                tree[path[^1]] = value;
                return null;
            case JsonArray list:
                var at = path[^1] == "-" ? list.Count : Index(path[^1], list.Count + 1);
                if (at is null || at > list.Count) return $"error in {name} for path: '{text}': {BadIndex(path[^1])}";
                list.Insert(at.Value, value);
                return null;
            default:
                return Missing(name, text);
        }
    }

    private static string? Replace(ref JsonNode? document, string[] path, string text, JsonNode? value)
    {
        if (path.Length == 0)
        {
            document = value;
            return null;
        }
        if (!TryGet(document, path.AsSpan(0, path.Length - 1), out var owner)) return $"replace operation does not apply: doc is missing path: {text}: missing value";
        switch (owner)
        {
            case JsonObject tree when tree.ContainsKey(path[^1]):
                tree[path[^1]] = value;
                return null;
            case JsonArray list when Index(path[^1], list.Count) is { } at && at < list.Count:
                list[at] = value;
                return null;
            default:
                return $"replace operation does not apply: doc is missing key: {text}: missing value";
        }
    }

    private static string? Remove(JsonNode? document, string[] path, string text, string name, out JsonNode? removed)
    {
        removed = null;
        if (path.Length == 0 || !TryGet(document, path.AsSpan(0, path.Length - 1), out var owner)) return Missing(name, text);
        switch (owner)
        {
            case JsonObject tree when tree.TryGetPropertyValue(path[^1], out removed):
                tree.Remove(path[^1]);
                return null;
            case JsonArray list when Index(path[^1], list.Count) is { } at && at < list.Count:
                removed = list[at];
                list.RemoveAt(at);
                return null;
            case JsonArray:
                return $"error in {name} for path: '{text}': {BadIndex(path[^1])}";
            default:
                return $"error in {name} for path: '{text}': Unable to remove nonexistent key: {path[^1]}: missing value";
        }
    }

    private static string? Test(JsonNode? document, string[] path, string text, JsonNode? wanted)
    {
        // An absent field passes for null, as in the library that upstream uses.
        var found = TryGet(document, path, out var value);
        return (found || wanted is null) && JsonTree.DeepEquals(value, wanted) ? null : $"testing value {text} failed: test failed";
    }

    private static string Missing(string name, string text) => $"{name} operation does not apply: doc is missing path: {GoQuote.Quote(text)}: missing value";

    private static string BadIndex(string token) => $"Unable to access invalid index: {token}: invalid index referenced";

    private static bool TryGet(JsonNode? document, ReadOnlySpan<string> path, out JsonNode? value)
    {
        value = document;
        foreach (var token in path)
        {
            switch (value)
            {
                case JsonObject tree when tree.TryGetPropertyValue(token, out var child): value = child; break;
                case JsonArray list when Index(token, list.Count) is { } at && at < list.Count: value = list[at]; break;
                default: value = null; return false;
            }
        }
        return true;
    }

    /// <summary>A place in a list; -1 is its last one, which RFC 6902 does not know but kube-apiserver does.</summary>
    private static int? Index(string token, int count)
    {
        if (token.Length > 1 && token[0] == '0') return null;
        if (!int.TryParse(token, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var at) || token[0] == '+') return null;
        if (at >= 0) return at;
        return at >= -count ? at + count : null;
    }

    private static string[]? Pointer(string text)
    {
        if (text.Length == 0) return [];
        if (text[0] != '/') return null;
        var tokens = text[1..].Split('/');
        for (var i = 0; i < tokens.Length; i++)
            tokens[i] = tokens[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        return tokens;
    }
}
