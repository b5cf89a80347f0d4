using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Host.ApiServer;

/// <summary>Where a list in chunks goes on: the version of its first chunk, and the key of the last object given.</summary>
/// <param name="Revision">-1 goes on with whatever is there now, and so inconsistently.</param>
/// <remarks>The form is that of k8s.io/apiserver: base64 of a small JSON object.</remarks>
public readonly record struct ContinueToken(long Revision, ObjectKey Last)
{
    private const string TokenVersion = "meta.k8s.io/v1";

    public override string ToString()
    {
        var json = new JsonObject { ["v"] = TokenVersion, ["rv"] = Revision, ["start"] = $"{Last.Namespace}/{Last.Name}\0" };
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json.ToJsonString()));
    }

    public static (ContinueToken Token, ApiError? Error) Parse(string text)
    {
        try
        {
            var tree = JsonNode.Parse(Base64Url.DecodeFromChars(text)) as JsonObject;
            if (JsonTree.String(tree, "v") is var version && version != TokenVersion) return (default, Invalid($"server does not recognize this encoded version {GoQuote.Quote(version ?? "")}"));
            var revision = JsonTree.Int64(tree, "rv") ?? 0;
            if (revision == 0) return (default, Invalid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)"));
            var start = (JsonTree.String(tree, "start") ?? "").TrimEnd('\0');
            var slash = start.IndexOf('/', StringComparison.Ordinal);
            return slash < 0 || start.Contains("..", StringComparison.Ordinal)
                ? (default, Invalid("empty encoded start key (version meta.k8s.io/v1)"))
                : (new ContinueToken(revision, new ObjectKey(start[..slash], start[(slash + 1)..])), null);
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return (default, Invalid("it is not what this server hands out"));
        }
    }

    private static ApiError Invalid(string why) => ApiError.BadRequest($"invalid continue token: continue key is not valid: {why}");
}
