using System.Text.Json;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas.Tables;

namespace Orchestrator.Actors.Kinds.ControllerRevisions;

/// <summary>A template that a set of pods had or has, as its ControllerRevision keeps it; parsed once per version.</summary>
public sealed class PastRevision
{
    private PastRevision(StoredObject source, JsonElement root)
    {
        Source = source;
        Number = root.Number("revision");
        TemplateIdentity = PodTemplate.Identity(root.Get("data").Get("spec", "template"));
    }

    public StoredObject Source { get; }
    public string Name => Source.Key.Name;

    /// <summary>Its place in the history; the highest is what the set asks for now.</summary>
    public long Number { get; }

    public string TemplateIdentity { get; }

    /// <summary>A copy of the template, without the directive that makes it a patch.</summary>
    public JsonObject Template()
    {
        var template = JsonTree.At(Source.ToTree(), ["data", "spec", "template"]) is JsonObject kept ? kept.DeepClone().AsObject() : [];
        template.Remove("$patch");
        return template;
    }

    public static PastRevision Of(StoredObject o) => o.View(static o =>
    {
        using var document = JsonDocument.Parse(o.Json);
        return new PastRevision(o, document.RootElement);
    });
}
