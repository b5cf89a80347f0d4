using System.Collections.Immutable;
using System.Text;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Admission.Webhooks;

/// <summary>Where a webhook is asked.</summary>
/// <param name="Url">An https URL with path and query. Of a Service its host is <c>name.namespace.svc</c>, which is also the name that
/// the certificate has to show.</param>
/// <param name="CaBundle">PEM of the authorities that may have signed the certificate; empty for those that the system trusts.</param>
public sealed record WebhookAddress(Uri Url, ImmutableArray<byte> CaBundle)
{
    /// <summary>The address to connect to instead of the host of the URL: a ready pod of the Service. Null to resolve the host.</summary>
    public string? ConnectHost { get; init; }

    /// <summary>The port that goes with <see cref="ConnectHost"/>.</summary>
    public int ConnectPort { get; init; }
}

/// <summary>What came of a call.</summary>
/// <param name="Status">The HTTP status; 0 when there was no answer.</param>
/// <param name="Body">The body of the answer; empty when there was none.</param>
/// <param name="Failure">Why there was no answer, in the words of Go's HTTP client, such as
/// <c>Post "https://...": context deadline exceeded</c>; null when there was one.</param>
public sealed record WebhookReply(int Status, ReadOnlyMemory<byte> Body, string? Failure)
{
    public static WebhookReply Failed(string why) => new(0, default, why);

    /// <summary>What a status that is no success means, in the words of client-go.</summary>
    public static string Explain(WebhookReply reply) => reply.Status switch
    {
        404 => "the server could not find the requested resource",
        401 => "the server has asked for the client to provide credentials",
        403 => "forbidden",
        429 => "the server has received too many requests and has asked us to try again later",
        >= 500 => $"an error on the server ({GoQuote.Quote(Encoding.UTF8.GetString(reply.Body.Span[..Math.Min(reply.Body.Length, 2048)]))}) has prevented the request from succeeding",
        _ => $"the server responded with the status code {reply.Status} but did not return more information",
    };
}

/// <summary>Posts JSON to webhooks: those of admission and those that convert custom resources. Called from many threads.</summary>
/// <remarks>Follows no redirects and reads at most a few MiB. Failures are results, not exceptions; only a cancellation throws.</remarks>
public interface IWebhookCaller
{
    /// <param name="address">Where.</param>
    /// <param name="json">The body, a whole JSON document.</param>
    /// <param name="timeout">From the start of the call to the end of the answer.</param>
    /// <param name="cancellationToken">The request behind the call has ended.</param>
    Task<WebhookReply> PostAsync(WebhookAddress address, ReadOnlyMemory<byte> json, TimeSpan timeout, CancellationToken cancellationToken);
}
