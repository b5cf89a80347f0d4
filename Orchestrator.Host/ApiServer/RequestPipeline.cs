using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Authentication;
using Orchestrator.Actors.Authorization;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Host.ApiServer.Aggregation;
using Orchestrator.Host.ApiServer.Audit;
using Orchestrator.Host.ApiServer.FlowControl;
using Orchestrator.Host.ApiServer.ResourceMetrics;

namespace Orchestrator.Host.ApiServer;

/// <summary>The way of a request: who, may they, what do they want, and the endpoint that does it.</summary>
public sealed partial class RequestPipeline(
    ResourceStore store, Authenticator authenticator, DocumentEndpoint documents, ListEndpoint lists, WatchEndpoint watches, ResourceEndpoint resources,
    SubresourceEndpoint subresources, ComponentStatusEndpoint components, ResourceMetricsEndpoint usage, NodeProxy nodes, ReviewEndpoint reviews, Aggregator aggregator, IAuthorizer authorizer, FlowController flows, AuditLog? audit, Metrics metrics, RequestDeadlines deadlines, ILogger logger)
{
    /// <summary>How long a client waits for a kind that is established and that this process is about to serve.</summary>
    private static readonly TimeSpan NewKindPatience = TimeSpan.FromSeconds(1);

    private static readonly ApiError Unauthorized = new(401, "Unauthorized", "Unauthorized");

    public async Task HandleAsync(HttpContext context)
    {
        var begun = metrics.Begin(context.Request.Method);
        var auditId = AuditLog.IdOf(context.Request.Headers);
        context.Response.Headers["Audit-Id"] = auditId;
        RequestInfo? request = null;
        RequestDeadline? deadline = null;
        System.Runtime.CompilerServices.StrongBox<long>? running = null;
        try
        {
            var path = context.Request.Path.Value ?? "/";
            if (DocumentEndpoint.IsPublic(path)) await documents.HandleAsync(context, path).ConfigureAwait(false);
            else
            {
                request = RequestInfo.Parse(context.Request.Method, path, WantsWatch(context.Request));
                if (request.IsLongRunning) running = metrics.BecomesLongRunning(context, request, IsServed(request));
                var (timed, malformed) = request.IsLongRunning ? (null, null) : deadlines.Begin(context);
                deadline = timed;
                await (malformed is null ? HandleAsync(context, request, auditId) : StatusWriter.WriteAsync(context, malformed)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (deadline?.HasExpired == true)
        {
            deadline.Dispose();
            // What has begun cannot be taken back; cutting it off tells the client that it is not all.
            if (context.Response.HasStarted) context.Abort();
            else await StatusWriter.WriteAsync(context, RequestDeadline.Expired).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer to.
        }
        catch (BadHttpRequestException e)
        {
            await StatusWriter.WriteAsync(context, new ApiError(e.StatusCode, "BadRequest", e.Message)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            await StatusWriter.WriteAsync(context, ApiError.Timeout($"the server was unable to return a response in the time allotted: {e.Message}")).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            LogFailure(logger, context.Request.Method, context.Request.Path.Value ?? "", e);
            if (context.Response.HasStarted) context.Abort();
            else await StatusWriter.WriteAsync(context, ApiError.Internal("the request met a fault of the server; its log has the details")).ConfigureAwait(false);
        }
        finally
        {
            deadline?.Dispose();
            var code = context.Response.StatusCode;
            metrics.End(context, request, request is not null && (code < 400 || IsServed(request)), begun, running);
            if (audit is not null) await audit.EndAsync(context).ConfigureAwait(false);
        }
    }

    private Task HandleAsync(HttpContext context, RequestInfo request, string auditId)
    {
        var begun = Stopwatch.GetTimestamp();
        var authentication = authenticator.AuthenticateAsync(context);
        return authentication.IsCompletedSuccessfully ? HandleAsync(context, request, auditId, authentication.Result, begun) : WaitAsync(authentication);

        async Task WaitAsync(ValueTask<UserInfo?> user) => await HandleAsync(context, request, auditId, await user.ConfigureAwait(false), begun).ConfigureAwait(false);
    }

    private Task HandleAsync(HttpContext context, RequestInfo request, string auditId, UserInfo? user, long begun)
    {
        metrics.Access.AddAuthentication(user, user is null && Authenticator.IsShown(context), begun);
        // Who is himself and is not written about goes straight on.
        if (user is null || audit is not null || Impersonation.IsAsked(context.Request.Headers)) return IdentifyAsync(context, request, auditId, user);
        context.Features.Set(user);
        return ServeInTurnAsync(context, request, user);
    }

    private async Task IdentifyAsync(HttpContext context, RequestInfo request, string auditId, UserInfo? user)
    {
        var (effective, refused) = (user, user is null ? Unauthorized : null);
        if (user is not null && Impersonation.IsAsked(context.Request.Headers))
            (effective, refused) = await Impersonation.ApplyAsync(context.Request.Headers, user, authorizer, context.RequestAborted).ConfigureAwait(false);
        if (audit is not null) await audit.BeginAsync(context, auditId, request, user, effective).ConfigureAwait(false);
        if (effective is null)
        {
            await StatusWriter.WriteAsync(context, refused!).ConfigureAwait(false);
            return;
        }
        context.Features.Set(effective);
        await ServeInTurnAsync(context, request, effective).ConfigureAwait(false);
    }

    /// <summary>Waits for the seat that priority and fairness give to the request, and serves it on that.</summary>
    private async Task ServeInTurnAsync(HttpContext context, RequestInfo request, UserInfo user)
    {
        var pending = flows.EnterAsync(new FlowRequest(user, request), context.RequestAborted);
        var seat = pending.IsCompletedSuccessfully ? pending.Result : await pending.ConfigureAwait(false);
        context.Response.Headers["X-Kubernetes-PF-FlowSchema-UID"] = seat.Schema.Uid;
        context.Response.Headers["X-Kubernetes-PF-PriorityLevel-UID"] = seat.Level.Limits.Uid;
        if (seat.Rejection != FlowRejection.None)
        {
            await StatusWriter.WriteAsync(context, ApiError.TooManyRequests("too many requests, please try again later", 1)).ConfigureAwait(false);
            return;
        }
        if (request.IsLongRunning)
        {
            // It took its turn; what it does from now on is waiting for others.
            seat.Dispose();
            await ServeAsync(context, request, user).ConfigureAwait(false);
            return;
        }
        try
        {
            await ServeAsync(context, request, user).ConfigureAwait(false);
        }
        finally
        {
            seat.Dispose();
        }
    }

    private Task ServeAsync(HttpContext context, RequestInfo request, UserInfo user)
    {
        // Who may do what he wants by what is in memory passes without a wait.
        var access = RequestAccess.CheckAsync(authorizer, RequestAccess.Of(context, request, user), metrics.Access, context.RequestAborted);
        return access.IsCompletedSuccessfully ? EnterAsync(context, request, user, access.Result) : WaitAsync();

        async Task WaitAsync() => await EnterAsync(context, request, user, await access.ConfigureAwait(false)).ConfigureAwait(false);
    }

    private Task EnterAsync(HttpContext context, RequestInfo request, UserInfo user, ApiError? forbidden)
    {
        if (forbidden is not null) return StatusWriter.WriteAsync(context, forbidden);
        if (aggregator.Find(request) is { } remote) return aggregator.HandleAsync(context, remote, user);
        if (!request.IsResource) return documents.HandleAsync(context, request.Path);
        return store.Catalog.Find(request.Group, request.Version, request.Resource) is { } schema
            ? DispatchAsync(context, request, schema, user)
            : EnterNewAsync(context, request, user);
    }

    /// <summary>Serves what this process is only about to learn of: a client that has seen its definition established relies on it.</summary>
    private async Task EnterNewAsync(HttpContext context, RequestInfo request, UserInfo user)
    {
        var definitions = await store.Registries.ConsistentAsync(ResourceTypes.CustomResourceDefinitions, context.RequestAborted).ConfigureAwait(false);
        var awaited = definitions.Get(new ObjectKey("", $"{request.Resource}.{request.Group}")) is { } definition && IsEstablished(definition.ToTree(), request.Version);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        patience.CancelAfter(NewKindPatience);
        while (true)
        {
            var catalog = store.Catalog;
            if (catalog.Find(request.Group, request.Version, request.Resource) is { } schema)
            {
                await DispatchAsync(context, request, schema, user).ConfigureAwait(false);
                return;
            }
            if (!awaited || patience.IsCancellationRequested) break;
            await catalog.Replaced.WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await DocumentEndpoint.NotFoundAsync(context, store.Catalog, request.Path).ConfigureAwait(false);
    }

    private static bool IsEstablished(JsonObject definition, string version) =>
        JsonTree.Array(JsonTree.Object(definition, "spec"), "versions")?.OfType<JsonObject>()
            .Any(v => JsonTree.String(v, "name") == version && JsonTree.Bool(v, "served") == true) == true
        && JsonTree.Array(JsonTree.Object(definition, "status"), "conditions")?.OfType<JsonObject>()
            .Any(static c => JsonTree.String(c, "type") == "Established" && JsonTree.String(c, "status") == "True") == true;

    private Task DispatchAsync(HttpContext context, RequestInfo request, ResourceSchema schema, UserInfo user)
    {
        if (Refuses(request, schema) is { } refusal) return refusal.Code == 404 ? DocumentEndpoint.NotFoundAsync(context, store.Catalog, request.Path) : StatusWriter.WriteAsync(context, refusal);
        if (schema.DeprecationWarning.Length > 0) ResponseWarnings.Add(context, [schema.DeprecationWarning]);
        if (ComponentStatusEndpoint.Handles(schema)) return components.HandleAsync(context, request, schema);
        if (ResourceMetricsEndpoint.Handles(schema)) return usage.HandleAsync(context, request, schema);
        if (request.Verb == "list") return lists.HandleAsync(context, request, schema);
        if (request.Verb == "watch") return watches.HandleAsync(context, request, schema);
        if (request.Subresource == "log") return nodes.HandleAsync(context, request, context.Request.Query);
        if (request.Subresource is "exec" or "attach" or "portforward" or "proxy") return ConnectAsync(context, request, schema, user);

        var format = Negotiation.Choose(context.Request.Headers.Accept.ToString(), f => Representations.Offers(f, schema, list: request.Subresource == "history"));
        if (format is null) return StatusWriter.WriteAsync(context, Representations.NotAcceptable);
        if (request.Verb != "get") CollectNotes(context);
        return RunAsync(context, request, schema, format, user);
    }

    private Task RunAsync(HttpContext context, RequestInfo request, ResourceSchema schema, MediaFormat format, UserInfo user)
    {
        if (ReviewEndpoint.Handles(schema)) return reviews.HandleAsync(context, request, schema, format, user);
        if (schema.IsVirtual || request.Subresource == "binding") return subresources.BindAsync(context, request, format);
        return request.Subresource switch
        {
            "history" => resources.WriteHistoryAsync(context, request, schema, format),
            "" or "status" or "finalize" or "approval" or "ephemeralcontainers" => resources.HandleAsync(context, request, schema, format),
            "scale" => subresources.ScaleAsync(context, request, schema, schema.Subresource("scale")!, format),
            "token" => subresources.IssueTokenAsync(context, request, format),
            "eviction" => subresources.EvictAsync(context, request, schema, format),
            _ => StatusWriter.WriteAsync(context, new ApiError(405, "MethodNotAllowed", $"the subresource {request.Subresource} of {schema.Type} is not supported yet")),
        };
    }

    /// <summary>What admission remarks goes into the head of the answer, whatever the answer is.</summary>
    private static void CollectNotes(HttpContext context)
    {
        var notes = new AdmissionNotes();
        context.Features.Set(notes);
        context.Response.OnStarting(static state =>
        {
            var (context, notes) = ((HttpContext, AdmissionNotes))state;
            ResponseWarnings.Add(context, notes.Warnings);
            return Task.CompletedTask;
        }, (context, notes));
    }

    /// <summary>Connects the client to something in the cluster: admission sees these as CONNECT, whatever the method.</summary>
    private async Task ConnectAsync(HttpContext context, RequestInfo request, ResourceSchema schema, UserInfo user)
    {
        CollectNotes(context);
        var admission = new AdmissionRequest(
            AdmissionOperation.Connect, schema, ResourceEndpoint.KeyOf(request, schema), ConnectOptions.Of(schema, request, context.Request), null, request.Subresource, DryRun: false)
        { User = user, Notes = context.Features.Get<AdmissionNotes>() };
        if (await store.AdmitAsync(admission, context.RequestAborted).ConfigureAwait(false) is { } refused)
        {
            await StatusWriter.WriteAsync(context, refused).ConfigureAwait(false);
            return;
        }
        // Webhooks may have changed what is asked for.
        await (request.Subresource == "proxy"
            ? nodes.Proxies.HandleAsync(context, request, JsonTree.String(admission.Object, "path") ?? "")
            : nodes.HandleAsync(context, request, ConnectOptions.ToQuery(admission.Object!))).ConfigureAwait(false);
    }

    /// <summary>404 for what is not there, 405 for verbs that it does not have.</summary>
    private static ApiError? Refuses(RequestInfo request, ResourceSchema schema)
    {
        var missing = new ApiError(404, "NotFound", "the server could not find the requested resource");
        // Objects of a namespace are listed, watched and deleted across all namespaces, but named only within one.
        if (schema.Namespaced && request.Namespace.Length == 0 && request.Name.Length > 0) return missing;
        if (!schema.Namespaced && request.Namespace.Length > 0 && schema.Type != ResourceTypes.Namespaces) return missing;
        if (request.Subresource.Length > 0)
        {
            if (request.Subresource == "history" && !schema.IsVirtual) return request.Verb == "get" ? null : DocumentEndpoint.NotAllowed;
            if (schema.Subresource(request.Subresource) is not { } subresource) return missing;
            // Streams are asked for by GET or POST alike.
            var verb = request.Verb == "list" ? "get" : request.Verb;
            if (request.Subresource == "proxy" && verb.Length == 0) return null; // OPTIONS, which only a proxied site answers
            return subresource.Verbs.Contains(verb) ? null : DocumentEndpoint.NotAllowed;
        }
        if (request.Verb == "create" && (request.Name.Length > 0 || (schema.Namespaced && request.Namespace.Length == 0))) return DocumentEndpoint.NotAllowed;
        if (request.Verb is "update" or "patch" && request.Name.Length == 0) return DocumentEndpoint.NotAllowed;
        return schema.Verbs.Contains(request.Verb) ? null : DocumentEndpoint.NotAllowed;
    }

    private bool IsServed(RequestInfo request) =>
        !request.IsResource
        || (store.Catalog.Find(request.Group, request.Version, request.Resource) is { } schema
            && (request.Subresource is "" or "history" || schema.Subresource(request.Subresource) is not null));

    private static bool WantsWatch(HttpRequest request) =>
        request.QueryString.HasValue && HttpMethods.IsGet(request.Method) && ListOptions.Flag(request.Query, "watch") == true;

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed")]
    private static partial void LogFailure(ILogger logger, string method, string path, Exception exception);
}
