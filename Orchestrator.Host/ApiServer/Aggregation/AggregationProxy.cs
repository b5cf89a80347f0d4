using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Kinds.ApiServices;
using Orchestrator.Host.ApiServer.Proxy;

namespace Orchestrator.Host.ApiServer.Aggregation;

/// <summary>Hands a request on to the server that serves its version, in the name of the user that we know, and streams the answer.</summary>
/// <remarks>Source: kube-aggregator pkg/apiserver/handler_proxy.go.</remarks>
public sealed class AggregationProxy(BackendClient backends, CancellationToken stopping)
{
    public async Task HandleAsync(HttpContext context, ApiServiceView api, UserInfo user)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        if (api.Available is not { IsTrue: true })
        {
            await RefuseAsync(context, "service unavailable").ConfigureAwait(false);
            return;
        }
        if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        try
        {
            await ForwardAsync(context, api, user, ending.Token).ConfigureAwait(false);
        }
        catch (BackendUnresolvedException)
        {
            await RefuseAsync(context, "service unavailable").ConfigureAwait(false);
        }
        catch (HttpRequestException e)
        {
            if (context.Response.HasStarted) context.Abort();
            else await RefuseAsync(context, $"error trying to reach service: {e.Message}").ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException && (context.Response.HasStarted || ending.IsCancellationRequested))
        {
            // One side has gone. Cutting the connection tells the other that what it got is not all.
            if (!ending.IsCancellationRequested) context.Abort();
        }
    }

    private async Task ForwardAsync(HttpContext context, ApiServiceView api, UserInfo user, CancellationToken cancellationToken)
    {
        var upgrade = ProxyHeaders.WantsUpgrade(context.Request.Headers) && context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } feature ? feature : null;
        // The path that was authorized, not the one that was sent: the two servers may tidy it differently.
        var path = context.Request.Path.ToUriComponent() + context.Request.QueryString.Value;
        var host = "";
        using var response = await backends.SendAsync(api, path, uri =>
        {
            host = uri.Authority;
            var message = ProxyExchange.MessageOf(context, uri, upgrade is not null);
            message.Headers.Host = host;
            BackendClient.NameUser(message, user);
            return message;
        }, cancellationToken).ConfigureAwait(false);
        await ProxyExchange.AnswerAsync(context, response, upgrade, new ProxyLinks("", host), cancellationToken).ConfigureAwait(false);
    }

    private static Task RefuseAsync(HttpContext context, string why)
    {
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers["X-Content-Type-Options"] = "nosniff";
        return ResponseWriter.WriteAsync(context, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(why + "\n"));
    }
}
