using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Registry;

/// <summary>Between the version of a request and the stored one, where a webhook may have to be asked.</summary>
public sealed partial class ResourceStore
{
    /// <summary>Asks the webhooks of definitions; null where there are none, and versions then differ in their names alone.</summary>
    public CustomResourceConverter? Converter { get; init; }

    /// <summary>A stored object in the version of a request; a tree of the caller's own.</summary>
    public ValueTask<(JsonObject Tree, ApiError? Error)> ShowAsync(ResourceSchema schema, StoredObject stored, CancellationToken cancellationToken = default) =>
        ObjectConversion.IsStorage(schema)
            ? ValueTask.FromResult((stored.ToTree(), (ApiError?)null))
            : FromStorageAsync(schema, stored.ToTree(), cancellationToken);

    private async ValueTask<(JsonObject Tree, ApiError? Error)> FromStorageAsync(ResourceSchema schema, JsonObject tree, CancellationToken cancellationToken)
    {
        if (schema.Conversion is not null && Converter is not null)
        {
            ObjectConversion.Load(schema, tree);
            return await AskAsync(schema, tree, cancellationToken).ConfigureAwait(false);
        }
        ObjectConversion.FromStorage(schema, tree);
        return (tree, null);
    }

    private async ValueTask<(JsonObject Tree, ApiError? Error)> ToStorageAsync(ResourceSchema schema, ResourceSchema storage, JsonObject tree, CancellationToken cancellationToken)
    {
        if (storage.Conversion is not null && Converter is not null) return await AskAsync(storage, tree, cancellationToken).ConfigureAwait(false);
        ObjectConversion.ToStorage(schema, storage, tree);
        return (tree, null);
    }

    /// <summary>Turns a new object into what is stored, in the tree that the caller holds.</summary>
    private async ValueTask<ApiError?> StoreAsAsync(ResourceSchema schema, JsonObject tree, CancellationToken cancellationToken)
    {
        var (converted, error) = await ToStorageAsync(schema, SchemaOf(schema.StoredAs), tree, cancellationToken).ConfigureAwait(false);
        if (error is not null || ReferenceEquals(converted, tree)) return error;
        var fields = converted.ToArray();
        converted.Clear();
        tree.Clear();
        foreach (var (name, value) in fields) tree[name] = value;
        return null;
    }

    /// <summary>Runs code that compares versions of an object, and asks the webhook for those that it needs.</summary>
    private async ValueTask<(T Result, ApiError? Error)> RunAsync<T>(ResourceSchema schema, Func<ConversionPass?, T> run, CancellationToken cancellationToken)
    {
        if (schema.Conversion is null || Converter is null) return (run(null), null);
        var pass = new ConversionPass(Converter);
        return await pass.RunAsync(() => run(pass), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether a stored object can be shown in the version of a request; what cannot be shown is not changed either.</summary>
    private async ValueTask<ApiError?> CheckShownAsync(ResourceSchema schema, StoredObject stored, CancellationToken cancellationToken) =>
        schema.Conversion is null || Converter is null || ObjectConversion.IsStorage(schema)
            ? null
            : (await FromStorageAsync(schema, stored.ToTree(), cancellationToken).ConfigureAwait(false)).Error;

    private async ValueTask<(JsonObject Tree, ApiError? Error)> AskAsync(ResourceSchema to, JsonObject tree, CancellationToken cancellationToken)
    {
        var (trees, error) = await Converter!.ConvertAsync(to, [tree], cancellationToken).ConfigureAwait(false);
        return error is null ? (trees[0], null) : (tree, error);
    }
}
