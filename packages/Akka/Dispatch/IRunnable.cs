namespace Akka.Dispatch;

/// <summary>Something to run.</summary>
public interface IRunnable
{
    void Run();
}

/// <summary>An action as a runnable.</summary>
public sealed class ActionRunnable(Action action) : IRunnable
{
    public void Run() => action();
}
