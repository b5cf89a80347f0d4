using System.Collections.Immutable;
using Orchestrator.Actors.Registry;
using Orchestrator.Actors.Resources;

namespace Orchestrator.Actors.Authorization;

/// <summary>The bindings of one type by whom they name, so that a decision looks at the bindings of its user and no others.</summary>
internal sealed class SubjectIndex(Informer bindings)
{
    private readonly InformerIndex<Slot, Grant> _grants = new(bindings, GrantsOf);

    /// <summary>The bindings of one namespace (empty: of the cluster) that name a user.</summary>
    public ImmutableArray<InformerIndex<Slot, Grant>.Entry> OfUser(string user, string ns) => _grants.Find(new Slot(false, user, ns));

    public ImmutableArray<InformerIndex<Slot, Grant>.Entry> OfGroup(string group, string ns) => _grants.Find(new Slot(true, group, ns));

    private static IEnumerable<(Slot Slot, Grant Grant)> GrantsOf(StoredObject o)
    {
        var binding = BindingView.Of(o);
        foreach (var subject in binding.Subjects)
        {
            var ns = o.Key.Namespace;
            switch (subject.Kind)
            {
                case "User":
                    yield return (new Slot(false, subject.Name, ns), new Grant(binding, subject));
                    break;
                case "Group":
                    yield return (new Slot(true, subject.Name, ns), new Grant(binding, subject));
                    break;
                case "ServiceAccount" when subject.Namespace.Length > 0 || ns.Length > 0:
                    var home = subject.Namespace.Length > 0 ? subject.Namespace : ns;
                    yield return (new Slot(false, $"system:serviceaccount:{home}:{subject.Name}", ns), new Grant(binding, subject));
                    break;
            }
        }
    }

    /// <param name="Namespace">Of the binding.</param>
    internal readonly record struct Slot(bool IsGroup, string Name, string Namespace);
}
