using System.Collections.Immutable;
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

        private static ImmutableArray<ResourceSchema> Resources(StoredObject definition)
        {
            var tree = definition.ToTree();
            return CustomResourceSchemas.IsEstablished(tree) ? CustomResourceSchemas.Build(tree, definition.ToTree) : [];
        }

        private static bool IsServedAlike(StoredObject before, StoredObject after)
        {
            var (was, now) = (before.ToTree(), after.ToTree());
            return before.Meta.Uid == after.Meta.Uid && CustomResourceSchemas.IsEstablished(was) == CustomResourceSchemas.IsEstablished(now)
                && JsonTree.DeepEquals(was["spec"], now["spec"])
                && JsonTree.DeepEquals(JsonTree.At(was, ["status", "storedVersions"]), JsonTree.At(now, ["status", "storedVersions"]));
        }

        private void Put(StoredObject definition)
        {
            try
            {
                // What is served stays what it is through changes of other things: watches of it go on.
                var resources = _definitions.TryGetValue(definition.Key, out var known) && IsServedAlike(known.Definition, definition)
                    ? known.Resources
                    : Resources(definition);
                _definitions[definition.Key] = (definition, resources);
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
