using Microsoft.AspNetCore.Http;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Host.ApiServer;

/// <summary>Answers get and list of a kind of which nothing is stored: its objects are made when they are asked for.</summary>
public abstract class ComputedKindEndpoint(Representations representations)
{
    public async Task HandleAsync(HttpContext context, RequestInfo request, ResourceSchema schema)
    {
        var list = request.Name.Length == 0;
        var format = Negotiation.Choose(context.Request.Headers.Accept.ToString(), f => Representations.Offers(f, schema, list));
        if (format is null)
        {
            await StatusWriter.WriteAsync(context, Representations.NotAcceptable).ConfigureAwait(false);
            return;
        }
        if (!list)
        {
            var one = await FindAsync(schema, new ObjectKey(request.Namespace, request.Name), context.RequestAborted).ConfigureAwait(false);
            await (one is null
                ? StatusWriter.WriteAsync(context, ApiError.NotFound(schema.Type, request.Name))
                : representations.WriteObjectAsync(context, schema, format, one)).ConfigureAwait(false);
            return;
        }
        var (options, error) = ListOptions.Read(schema, request, context.Request.Query);
        if (options is null)
        {
            await StatusWriter.WriteAsync(context, error!).ConfigureAwait(false);
            return;
        }
        var all = await ListAsync(schema, request.Namespace, options.Selection, context.RequestAborted).ConfigureAwait(false);
        await representations.WriteListAsync(context, schema, format, all, new TableListMeta("")).ConfigureAwait(false);
    }

    /// <summary>The object of a key, or null.</summary>
    protected abstract Task<StoredObject?> FindAsync(ResourceSchema schema, ObjectKey key, CancellationToken cancellationToken);

    /// <summary>The selected objects of a namespace, or of all when it is empty.</summary>
    protected abstract Task<IReadOnlyList<StoredObject>> ListAsync(ResourceSchema schema, string ns, Selection selection, CancellationToken cancellationToken);
}
