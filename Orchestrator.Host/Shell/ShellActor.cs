using Akka.Actor;

namespace Orchestrator.Host.Shell;

/// <summary>Runs the commands of shells on a member; every command is a child, so one that follows a log disturbs none.</summary>
public sealed class ShellActor : UntypedActor
{
    /// <summary>Where a shell finds it: /user/shell.</summary>
    public const string Name = "shell";

    private readonly ShellCommands _commands;

    public ShellActor(ShellCommands commands) => _commands = commands;

    public static Props Props(ShellCommands commands) => Akka.Actor.Props.Create(() => new ShellActor(commands));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case RunShellCommand run:
                Context.ActorOf(Akka.Actor.Props.Create(() => new CommandActor(_commands, run, Sender)));
                break;
            case CompleteShellCommand complete:
                Sender.Tell(new ShellCompletions(_commands.Complete(complete.Words)));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    /// <summary>One running command: passes on what it prints, and ends it when the shell asks for that or is gone.</summary>
    private sealed class CommandActor : UntypedActor, IDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly IActorRef _shell;

        public CommandActor(ShellCommands commands, RunShellCommand run, IActorRef shell)
        {
            _shell = shell;
            Context.Watch(shell);
            // The output is told from the command's own task; an actor reference is safe to use from any thread.
            var self = Self;
            shell.Tell(new ShellCommandBegun(), self);
            commands.RunAsync(run, text => shell.Tell(new ShellOutput(text, IsError: false, ExitCode: null), self), _stop.Token)
                .PipeTo(self, success: result => result, failure: e => new ShellOutput(e.Message + Environment.NewLine, IsError: true, ExitCode: 1));
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case ShellOutput last:
                    _shell.Tell(last);
                    Context.Stop(Self);
                    break;
                case StopShellCommand or Terminated:
                    _stop.Cancel();
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        public void Dispose() => _stop.Dispose();

        protected override void PostStop() => _stop.Cancel();
    }
}
