using System.Globalization;
using Akka.Actor.Internal;
using Akka.Dispatch.SysMsg;

namespace Akka.Actor;

/// <summary>Why a cell waits for children to stop.</summary>
internal abstract class WaitingFor
{
    public static readonly WaitingFor Termination = new Plain();
    public static readonly WaitingFor Creation = new Plain();
    public static readonly WaitingFor UserRequest = new Plain();

    private sealed class Plain : WaitingFor;

    public sealed class Recreation(Exception cause) : WaitingFor
    {
        public Exception Cause => cause;
    }
}

public partial class ActorCell
{
    private readonly Lock _childrenLock = new();
    private Dictionary<string, ChildRestartStats> _children;
    private HashSet<IActorRef> _dying;
    private WaitingFor _waiting;
    private bool _closedForChildren;
    private long _nextName;

    private bool IsTerminating => ReferenceEquals(_waiting, WaitingFor.Termination);

    public virtual IActorRef ActorOf(Props props, string name = null) => MakeChild(props, name, systemService: false, async: false);

    internal IActorRef AttachChild(Props props, bool systemService, string name = null) => MakeChild(props, name, systemService, async: true);

    /// <summary>Takes in a child that was made without this cell.</summary>
    internal void Adopt(IInternalActorRef child)
    {
        lock (_childrenLock) (_children ??= new Dictionary<string, ChildRestartStats>(StringComparer.Ordinal))[child.Path.Name] = new ChildRestartStats(child);
    }

    public IEnumerable<IActorRef> GetChildren() => ChildRefs();

    public IActorRef Child(string name) => GetSingleChild(name);

    internal IInternalActorRef GetSingleChild(string name)
    {
        var hash = name.IndexOf('#');
        var uid = hash < 0 ? ActorPath.UndefinedUid : long.Parse(name.AsSpan(hash + 1), CultureInfo.InvariantCulture);
        if (hash >= 0) name = name[..hash];
        lock (_childrenLock)
        {
            if (_children is null || !_children.TryGetValue(name, out var stats) || stats.Child is null) return ActorRefs.Nobody;
            return uid == ActorPath.UndefinedUid || uid == stats.Uid ? (IInternalActorRef)stats.Child : ActorRefs.Nobody;
        }
    }

    public void Stop(IActorRef child)
    {
        lock (_childrenLock)
        {
            if (_children is not null && _children.TryGetValue(child.Path.Name, out var stats) && child.Equals(stats.Child))
            {
                // While the system does not hold the child its name stays taken until it is gone.
                (_dying ??= []).Add(child);
                _waiting ??= WaitingFor.UserRequest;
            }
        }

        ((IInternalActorRef)child).Stop();
    }

    private IActorRef MakeChild(Props props, string name, bool systemService, bool async)
    {
        ArgumentNullException.ThrowIfNull(props);
        name = CheckName(name);
        if (SystemImpl.Settings.SerializeAllCreators && !systemService && props.Deploy.Scope is not LocalScope) VerifySerializable(props);
        lock (_childrenLock)
        {
            if (_closedForChildren || IsTerminating)
                throw new InvalidOperationException($"Cannot create child [{name}] of [{_self.Path}] while it terminates or is terminated");
            _children ??= new Dictionary<string, ChildRestartStats>(StringComparer.Ordinal);
            if (!_children.TryAdd(name, ChildRestartStats.Reserved))
                throw new InvalidActorNameException($"Actor name [{name}] is not unique in {_self.Path}");
        }

        IInternalActorRef actor;
        try
        {
            var path = new ChildActorPath(_self.Path, name, NewUid());
            actor = SystemImpl.Provider.ActorOf(SystemImpl, props, _self, path, systemService, null, lookupDeploy: true, async);
        }
        catch
        {
            lock (_childrenLock) _children.Remove(name);
            throw;
        }

        // A child made while the mailbox is suspended starts suspended and resumes with its parent.
        if (Mailbox?.IsSuspended == true && _taskScheduler is not { IsRunning: true }) actor.Suspend();
        lock (_childrenLock)
        {
            _children[name] = new ChildRestartStats(actor);
        }

        actor.Start();
        return actor;
    }

    private void VerifySerializable(Props props)
    {
        foreach (var argument in props.Arguments.Where(a => a is not null and not INoSerializationVerificationNeeded))
            SystemImpl.Serialization.FindSerializerFor(argument);
    }

    private string CheckName(string name)
    {
        if (name is null) return RandomName(Interlocked.Increment(ref _nextName) - 1);
        if (name.Length == 0) throw new InvalidActorNameException("Actor name must not be empty");
        return ActorPath.IsValidPathElement(name) ? name
            : throw new InvalidActorNameException($"Illegal actor name [{name}]: it must not begin with $ and may hold only letters, digits and -_.*$+:@&=,!~';");
    }

    private static string RandomName(long number)
    {
        const string Digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";
        var text = new System.Text.StringBuilder("$");
        do
        {
            text.Append(Digits[(int)(number & 63)]);
            number >>>= 6;
        }
        while (number != 0);
        return text.ToString();
    }

    internal static long NewUid()
    {
        while (true)
        {
            var uid = Random.Shared.Next(1, int.MaxValue);
            if (uid != ActorPath.UndefinedUid) return uid;
        }
    }

    internal List<IInternalActorRef> ChildRefs()
    {
        lock (_childrenLock)
            return _children is null ? [] : [.. _children.Values.Where(s => s.Child is not null).Select(s => (IInternalActorRef)s.Child)];
    }

    private List<ChildRestartStats> ChildStats()
    {
        lock (_childrenLock) return _children is null ? [] : [.. _children.Values.Where(s => s.Child is not null)];
    }

    internal bool TryGetChildStats(IActorRef child, out ChildRestartStats stats)
    {
        stats = null;
        lock (_childrenLock)
            return _children is not null && _children.TryGetValue(child.Path.Name, out stats) && child.Equals(stats.Child);
    }

    // A child made elsewhere, such as one deployed by a peer, becomes known here.
    private void HandleSupervise(IActorRef child)
    {
        if (IsTerminating) return;
        lock (_childrenLock)
        {
            if (_children is null || !_children.TryGetValue(child.Path.Name, out var stats)) return;
            if (stats.Child is null) _children[child.Path.Name] = new ChildRestartStats(child);
        }
    }

    private bool SetWaitingForChildren(WaitingFor reason)
    {
        lock (_childrenLock)
        {
            if (ReferenceEquals(reason, WaitingFor.Termination)) _dying = _children is null ? null : [.. _children.Values.Where(s => s.Child is not null).Select(s => s.Child)];
            if (_dying is not { Count: > 0 })
            {
                if (ReferenceEquals(reason, WaitingFor.Termination)) _closedForChildren = true;
                return false;
            }

            _waiting = reason;
            return true;
        }
    }

    private WaitingFor RemoveChild(IActorRef child)
    {
        lock (_childrenLock)
        {
            if (_children is not null && _children.TryGetValue(child.Path.Name, out var stats) && child.Equals(stats.Child))
                _children.Remove(child.Path.Name);
            if (_dying is null || !_dying.Remove(child) || _dying.Count > 0) return null;
            var done = _waiting;
            _waiting = null;
            if (ReferenceEquals(done, WaitingFor.Termination)) _closedForChildren = true;
            return done;
        }
    }

    private void HandleChildTerminated(IActorRef child)
    {
        var done = RemoveChild(child);
        if (_actor is { } actor)
        {
            try
            {
                UseThreadContext(() => actor.SupervisorStrategyInternal.HandleChildTerminated(this, child, ChildRefs()));
            }
            catch (Exception e)
            {
                HandleInvokeFailure(e);
            }
        }

        switch (done)
        {
            case WaitingFor.Recreation r: FinishRecreate(r.Cause); break;
            case not null when ReferenceEquals(done, WaitingFor.Creation): FinishCreate(); break;
            case not null when ReferenceEquals(done, WaitingFor.Termination): FinishTerminate(); break;
        }
    }

    private void SuspendChildren(IActorRef except)
    {
        foreach (var child in ChildRefs())
            if (!child.Equals(except))
                child.Suspend();
    }

    private void ResumeChildren(Exception causedByFailure, IActorRef perpetrator)
    {
        foreach (var child in ChildRefs()) child.Resume(child.Equals(perpetrator) ? causedByFailure : null);
    }
}
