using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>One thread for one actor; the thread ends with the actor.</summary>
public sealed class PinnedDispatcher : MessageDispatcher
{
    private readonly BlockingCollection<IRunnable> _work = [];
    private int _started;

    public PinnedDispatcher(MessageDispatcherConfigurator configurator) : base(configurator) { }

    public override void Attach(ActorCell cell)
    {
        if (Interlocked.Exchange(ref _started, 1) == 0)
        {
            var thread = new Thread(Work) { IsBackground = true, Name = $"{Id}-{cell.Self.Path.Name}" };
            thread.Start();
        }

        base.Attach(cell);
    }

    public override void Detach(ActorCell cell)
    {
        base.Detach(cell);
        _work.CompleteAdding();
    }

    protected override void ExecuteTask(IRunnable run)
    {
        try
        {
            _work.Add(run);
        }
        catch (InvalidOperationException)
        {
            // The actor is gone and its thread with it; what it still has to do needs some thread.
            ThreadPool.UnsafeQueueUserWorkItem(static r => r.Run(), run, preferLocal: false);
        }
    }

    private void Work()
    {
        foreach (var run in _work.GetConsumingEnumerable()) run.Run();
        _work.Dispose();
    }
}

internal sealed class PinnedDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    : MessageDispatcherConfigurator(config, prerequisites)
{
    public override MessageDispatcher Dispatcher() => new PinnedDispatcher(this);
}
