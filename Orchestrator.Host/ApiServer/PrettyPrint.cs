using Microsoft.AspNetCore.Http;

namespace Orchestrator.Host.ApiServer;

/// <summary>Whether JSON is to be read by a person.</summary>
/// <remarks>Source: k8s.io/apiserver, endpoints/handlers/negotiation, isPrettyPrint; the values are those of Go's <c>strconv.ParseBool</c>.</remarks>
internal static class PrettyPrint
{
    /// <summary>Browsers and the tools that people type at a prompt.</summary>
    private static readonly string[] Agents = ["curl", "Wget", "Mozilla/5.0"];

    public static bool IsWanted(HttpRequest request)
    {
        if (request.Query["pretty"].ToString() is { Length: > 0 } asked) return asked is "1" or "t" or "T" or "true" or "True" or "TRUE";
        var agent = request.Headers.UserAgent.ToString();
        return Array.Exists(Agents, a => agent.StartsWith(a, StringComparison.Ordinal));
    }
}
