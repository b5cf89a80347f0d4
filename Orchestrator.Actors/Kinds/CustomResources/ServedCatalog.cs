using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Akka.Actor;
using Akka.Event;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;
using Orchestrator.Actors.Schemas;

namespace Orchestrator.Actors.Kinds.CustomResources;

/// <summary>The kinds that this process serves now: the built-in ones and those of the established definitions.</summary>
public sealed class ServedCatalog
{
    // Not the built-in catalog itself, which is never replaced for everyone.
    private volatile SchemaCatalog _current = SchemaCatalog.BuiltIn.With([]);

    public SchemaCatalog Current => _current;

    /// <summary>Follows the definitions from now on.</summary>
    public void Follow(ActorSystem system, RegistryClient registries)
    {
        var follower = system.ActorOf(Props.Create(() => new Follower(this)), "served-catalog");
        registries.Subscribe(ResourceTypes.CustomResourceDefinitions, follower);
    }

    /// <summary>Makes the catalog anew when a definition changes; a change is rare, a lookup is not.</summary>
    private sealed class Follower(ServedCatalog catalog) : UntypedActor
    {
        private readonly Dictionary<ObjectKey, (StoredObject Definition, ImmutableArray<ResourceSchema> Resources)> _definitions = [];
        private readonly ILoggingAdapter _log = Context.GetLogger();

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case InformerSynced synced:
                    _definitions.Clear();
                    foreach (var definition in synced.Objects.EnumerateFrom()) Put(definition);
                    break;
                case ObjectsChanged changed:
                    foreach (var change in changed.Changes)
                    {
                        if (change.Kind == ChangeKind.Deleted) _definitions.Remove(change.Object.Key);
                        else Put(change.Object);
                    }
                    break;
                default:
                    Unhandled(message);
                    return;
            }
            var former = catalog._current;
            catalog._current = SchemaCatalog.BuiltIn.With(_definitions.Values.SelectMany(d => d.Resources));
            former.Retire();
        }

        private static ImmutableArray<ResourceSchema> Resources(JsonObject definition) =>
            CustomResourceSchemas.IsEstablished(definition) ? CustomResourceSchemas.Build(definition) : [];

        private void Put(StoredObject definition)
        {
            try
            {
                _definitions[definition.Key] = (definition, Resources(definition.ToTree()));
            }
            catch (FormatException e)
            {
                // Validation keeps such a definition out; one from an older version must not take the others down.
                _log.Warning("The definition {0} is not served: {1}", definition.Key, e.Message);
                _definitions.Remove(definition.Key);
            }
        }
    }
}
