using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Admission;

/// <summary>A custom resource as one version of its definition shows it, made when it is first asked for in that version.</summary>
/// <remarks>Kept with the object, so that lists and watches of many readers convert each object once.</remarks>
internal sealed class ShownObject
{
    private volatile Shown? _last;

    public StoredObject Of(ResourceSchema schema, StoredObject stored)
    {
        if (_last is not { } last || !ReferenceEquals(last.Schema, schema))
        {
            var bytes = ObjectConversion.Convert(schema, stored);
            // Most objects are stored as they are shown, and are not kept twice.
            _last = last = new Shown(schema, bytes.Span.SequenceEqual(stored.Json.Span) ? null : new StoredObject(stored.Key, stored.Revision, bytes));
        }
        return last.Object ?? stored;
    }

    private sealed record Shown(ResourceSchema Schema, StoredObject? Object);
}
