using Orchestrator.Actors.Admission;
using Orchestrator.Actors.Kinds.CustomResources;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.FieldManagement;

/// <summary>A kind in the version of a request, and the way to its other versions, in which earlier writers may own fields.</summary>
/// <param name="pass">Converts by webhook; null where versions differ by rules of ours alone.</param>
internal sealed class FieldVersions(SchemaCatalog catalog, ResourceSchema schema, ConversionPass? pass)
{
    public ResourceSchema Schema => schema;

    /// <summary>The kind in another version; null when it is not served (any more).</summary>
    public ResourceSchema? Find(string apiVersion)
    {
        if (apiVersion == schema.ApiVersion) return schema;
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        return catalog.FindKind(slash < 0 ? "" : apiVersion[..slash], apiVersion[(slash + 1)..], schema.Kind);
    }

    /// <summary>A tree of the version of the request in that of <paramref name="to"/>; a copy unless they are the same.</summary>
    public JsonObject Convert(JsonObject tree, ResourceSchema from, ResourceSchema to)
    {
        if (ReferenceEquals(from, to)) return tree;
        if (pass is not null) return pass.Convert(tree, to);
        var copy = tree.DeepClone().AsObject();
        ObjectConversion.Between(from, to, catalog, copy);
        return copy;
    }
}
