using System.Buffers.Text;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Orchestrator.Host.ApiServer;

/// <summary>The bearer token of a WebSocket of a browser, which cannot send headers of its own: it comes as one of the protocols that are offered.</summary>
/// <remarks>Source: k8s.io/apiserver, authentication/request/websocket.</remarks>
internal static class WebSocketToken
{
    private const string Prefix = "base64url.bearer.authorization.k8s.io.";

    private static readonly object Taken = new();
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether a token was found in a request, readable or not.</summary>
    public static bool WasTaken(HttpContext context) => context.Items.ContainsKey(Taken);

    /// <summary>Takes the token out of the protocols, so that nobody sees it whom the request is passed on to.</summary>
    /// <param name="token">Null where there is none, and empty where it cannot be used: it is no text, not the only one, or no other protocol could be chosen.</param>
    /// <returns>Whether there was one.</returns>
    public static bool TryTake(HttpContext context, out string? token)
    {
        token = null;
        var headers = context.Request.Headers;
        if (headers.SecWebSocketProtocol.Count == 0 || !IsWebSocket(headers)) return false;
        var all = headers.SecWebSocketProtocol.SelectMany(static h => (h ?? "").Split(',', StringSplitOptions.TrimEntries)).ToList();
        var others = all.FindAll(static p => !p.StartsWith(Prefix, StringComparison.Ordinal));
        if (others.Count == all.Count) return false;
        context.Items[Taken] = null;
        headers.SecWebSocketProtocol = string.Join(',', others);
        token = others.Count > 0 && others.Count == all.Count - 1 ? Decoded(all.Find(static p => p.StartsWith(Prefix, StringComparison.Ordinal))![Prefix.Length..]) : "";
        return true;
    }

    private static bool IsWebSocket(IHeaderDictionary headers) =>
        headers.Upgrade.ToString().Equals("websocket", StringComparison.OrdinalIgnoreCase)
        && headers.Connection.ToString().Split(',', StringSplitOptions.TrimEntries).Contains("upgrade", StringComparer.OrdinalIgnoreCase);

    private static string Decoded(string text)
    {
        try
        {
            return text.Contains('=', StringComparison.Ordinal) ? "" : Strict.GetString(Base64Url.DecodeFromChars(text));
        }
        catch (Exception e) when (e is FormatException or DecoderFallbackException)
        {
            return "";
        }
    }
}
