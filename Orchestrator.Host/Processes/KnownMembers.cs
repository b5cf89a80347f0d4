using Akka.Actor;
using Akka.Cluster;
using Orchestrator.Actors.Registry;

namespace Orchestrator.Host.Processes;

/// <summary>Remembers the control plane's members across restarts: a seed that comes back must find its cluster, not form a second one.</summary>
public sealed class KnownMembers(string file)
{
    public IEnumerable<Address> Read()
    {
        if (!File.Exists(file)) yield break;
        foreach (var line in File.ReadAllLines(file))
            if (line.Length > 0) yield return Address.Parse(line);
    }

    /// <summary>Writes the members down whenever they change.</summary>
    public void Follow(ActorSystem system) => system.ActorOf(Props.Create(() => new Follower(this)), "known-members");

    private void Write(IEnumerable<Address> members)
    {
        var fresh = file + ".new";
        File.WriteAllLines(fresh, members.Select(m => m.ToString()));
        File.Move(fresh, file, overwrite: true);
    }

    private sealed class Follower(KnownMembers known) : UntypedActor
    {
        private readonly Cluster _cluster = Cluster.Get(Context.System);
        private readonly HashSet<Address> _members = [];

        private bool IsStaying => !_cluster.IsTerminated && _cluster.SelfMember.Status is MemberStatus.Joining or MemberStatus.WeaklyUp or MemberStatus.Up;

        protected override void PreStart() =>
            _cluster.Subscribe(Self, ClusterEvent.InitialStateAsEvents, typeof(ClusterEvent.MemberUp), typeof(ClusterEvent.MemberRemoved));

        protected override void PostStop() => _cluster.Unsubscribe(Self);

        protected override void OnReceive(object message)
        {
            var changed = message switch
            {
                ClusterEvent.MemberUp up => up.Member.HasRole(RegistryRegion.Role) && _members.Add(up.Member.Address),
                // Whoever leaves sees itself and then all others removed; the others of that time are whom to look for next.
                ClusterEvent.MemberRemoved removed => IsStaying && _members.Remove(removed.Member.Address),
                _ => false,
            };
            // A port that was picked is another one next time: to look for oneself there would only cost time.
            if (changed) known.Write(_members.Where(m => !m.Equals(_cluster.SelfAddress)));
        }
    }
}
