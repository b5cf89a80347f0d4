using System.Buffers.Text;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authentication;

/// <summary>A JSON Web Token in its compact form, taken apart but not believed yet (RFC 7519, RFC 7515).</summary>
public sealed class JsonWebToken
{
    /// <summary>Longer ones are not looked at (characters).</summary>
    private const int LengthMax = 64 * 1024;

    private JsonWebToken(string signingInput, JsonElement header, JsonElement claims, byte[] signature)
    {
        SignedBytes = Encoding.ASCII.GetBytes(signingInput);
        Claims = claims;
        Signature = signature;
        Algorithm = Text(header, "alg");
        KeyId = Text(header, "kid");
        Issuer = Text(claims, "iss");
        Subject = Text(claims, "sub");
    }

    /// <summary>What the signature is over.</summary>
    public byte[] SignedBytes { get; }

    public byte[] Signature { get; }

    /// <summary>Such as ES256.</summary>
    public string Algorithm { get; }

    /// <summary>Which key; empty when it does not say.</summary>
    public string KeyId { get; }

    public string Issuer { get; }
    public string Subject { get; }
    public JsonElement Claims { get; }

    public DateTimeOffset? Expires => Time("exp");
    public DateTimeOffset? NotBefore => Time("nbf");
    public DateTimeOffset? IssuedAt => Time("iat");

    /// <summary>For whom it is: the claim <c>aud</c> may be a string or a list.</summary>
    public ImmutableArray<string> Audiences => Strings("aud");

    public static bool TryParse(string token, [NotNullWhen(true)] out JsonWebToken? parsed)
    {
        parsed = null;
        var parts = token.Length <= LengthMax ? token.Split('.') : [];
        if (parts.Length != 3) return false;
        try
        {
            parsed = new JsonWebToken(token[..token.LastIndexOf('.')], Parse(parts[0]), Parse(parts[1]), Base64Url.DecodeFromChars(parts[2]));
            return true;
        }
        // A text that is half of a pair of surrogates is an InvalidOperationException.
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>The claims as a tree; null when there is a text among them that is none.</summary>
    public JsonObject? ReadClaims() => ObjectJson.Parse(JsonMarshal.GetRawUtf8Value(Claims)).Tree as JsonObject;

    /// <summary>The texts of a claim that is a text or a list of texts; empty when it is neither.</summary>
    public ImmutableArray<string> Strings(string claim)
    {
        if (!Claims.TryGetProperty(claim, out var value)) return [];
        return value.ValueKind switch
        {
            JsonValueKind.String => [value.GetString()!],
            JsonValueKind.Array => [.. value.EnumerateArray().Where(static e => e.ValueKind == JsonValueKind.String).Select(static e => e.GetString()!)],
            _ => [],
        };
    }

    internal static string Text(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static JsonElement Parse(string part)
    {
        using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(part));
        if (document.RootElement.ValueKind != JsonValueKind.Object) throw new JsonException("not an object");
        return document.RootElement.Clone();
    }

    private DateTimeOffset? Time(string claim) =>
        Claims.TryGetProperty(claim, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and < 253402300800
            ? DateTimeOffset.UnixEpoch.AddSeconds(Math.Floor(seconds)) : null;
}
