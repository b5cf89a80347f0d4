using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission.Matching;

/// <summary>The states of a request in the version of the resource as which a webhook or a policy is asked about it.</summary>
/// <remarks>Source: k8s.io/apiserver, pkg/admission/conversion.go: both states are converted, a webhook of the definition included.</remarks>
public sealed class ShownObjects
{
    private readonly AdmissionRequest _request;
    private readonly ResourceSchema _matched;
    private JsonObject? _old;
    private bool _hasOld;

    private ShownObjects(AdmissionRequest request, ResourceSchema matched, JsonObject? shown)
    {
        (_request, _matched, Object) = (request, matched, shown);
    }

    /// <summary>The new state; not to be changed, as it may be that of the request itself. Null for a deletion.</summary>
    public JsonObject? Object { get; }

    /// <summary>The state before; null for a create.</summary>
    public JsonObject? Old
    {
        get
        {
            if (_hasOld) return _old;
            _hasOld = true;
            return _old = ReadOld();
        }
    }

    /// <summary>The body of the request is of another kind than the resource, as for a Scale, an Eviction or a connection.</summary>
    public static bool IsOfOtherKind(AdmissionRequest request) =>
        request.Subresource.Length > 0 && request.ObjectKind != (request.Schema.Group, request.Schema.Version, request.Schema.Kind);

    /// <param name="converter">Asks the webhooks of definitions; null where there are none.</param>
    /// <returns>Null with the reason why an object could not be converted.</returns>
    public static ValueTask<(ShownObjects? Shown, ApiError? Error)> OfAsync(
        AdmissionRequest request, ResourceSchema matched, SchemaCatalog catalog, CustomResourceConverter? converter, CancellationToken cancellationToken)
    {
        if (matched.Conversion is not null && converter is not null && !IsOfOtherKind(request)) return AskAsync(request, matched, converter, cancellationToken);
        var tree = request.Object;
        if (tree is not null && !ReferenceEquals(matched, request.Schema) && !IsOfOtherKind(request))
        {
            tree = tree.DeepClone().AsObject();
            ObjectConversion.Between(request.Schema, matched, catalog, tree);
        }
        return ValueTask.FromResult<(ShownObjects?, ApiError?)>((new ShownObjects(request, matched, tree), null));
    }

    /// <summary>Brings a state that a webhook has changed back to the version of the request.</summary>
    public static async ValueTask<(JsonObject? Tree, ApiError? Error)> ReturnAsync(
        AdmissionRequest request, ResourceSchema matched, JsonObject tree, SchemaCatalog catalog, CustomResourceConverter? converter, CancellationToken cancellationToken)
    {
        if (ReferenceEquals(matched, request.Schema)) return (tree, null);
        if (matched.Conversion is null || converter is null)
        {
            ObjectConversion.Between(matched, request.Schema, catalog, tree);
            return (tree, null);
        }
        var (trees, error) = await converter.ConvertAsync(request.Schema, [tree], cancellationToken).ConfigureAwait(false);
        return error is null ? (trees[0], null) : (null, ApiError.Internal(error.Message));
    }

    private static async ValueTask<(ShownObjects? Shown, ApiError? Error)> AskAsync(
        AdmissionRequest request, ResourceSchema matched, CustomResourceConverter converter, CancellationToken cancellationToken)
    {
        List<JsonObject> states = [];
        if (request.Object is { } tree) states.Add(tree);
        if (request.Stored?.ToTree() is { } stored)
        {
            if (ObjectConversion.IsReadAnew(matched)) ObjectConversion.Load(matched, stored);
            states.Add(stored);
        }
        var (shown, error) = await converter.ConvertAsync(matched, states, cancellationToken).ConfigureAwait(false);
        if (error is not null) return (null, ApiError.Internal(error.Message));
        return (new ShownObjects(request, matched, request.Object is null ? null : shown[0])
        {
            _hasOld = true,
            _old = request.Stored is null ? null : shown[^1],
        }, null);
    }

    private JsonObject? ReadOld()
    {
        if (_request.Stored?.ToTree() is not { } tree) return null;
        var scale = _request.Subresource == "scale" ? _request.Schema.Subresource("scale") : null;
        var shown = scale is null ? _matched : _request.Schema;
        if (!ObjectConversion.IsStorage(shown)) ObjectConversion.FromStorage(shown, tree);
        return scale is null ? tree : ScaleSubresource.Read(scale, tree);
    }
}
