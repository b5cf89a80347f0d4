using System.Globalization;
using System.Net;
using System.Text;
using Akka.Actor;
using Orchestrator.Host.Processes;

namespace Orchestrator.Host.Shell;

/// <summary>The user's end of the shell: connects over remoting, sends commands, prints what comes back.</summary>
public sealed class ShellClient : IAsyncDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan CompletionTimeout = TimeSpan.FromSeconds(2);

    /// <summary>How long a member may take to say that it has begun with a command. What the command itself takes is its own matter.</summary>
    private static readonly TimeSpan BeginTimeout = TimeSpan.FromSeconds(15);

    private readonly ActorSystem _system;
    private readonly IActorRef _member;

    private ShellClient(ActorSystem system, IActorRef member)
    {
        _system = system;
        _member = member;
    }

    /// <returns>The exit code of the command, or of the last one of an interactive session.</returns>
    /// <exception cref="StartException">No member answers.</exception>
    public static async Task<int> RunAsync(ShellSettings settings, CancellationToken cancellationToken)
    {
        await using var client = await ConnectAsync(settings).ConfigureAwait(false);
        return settings.Command.Length > 0
            ? await client.ExecuteAsync([.. settings.Command], settings.Output, cancellationToken).ConfigureAwait(false)
            : await client.InteractAsync(settings, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync() => await _system.Terminate().ConfigureAwait(false);

    private static async Task<ShellClient> ConnectAsync(ShellSettings settings)
    {
        var flags = new StringBuilder();
        Configuration.Remoting(flags, new IPEndPoint(IPAddress.IsLoopback(settings.Connect.Address) ? settings.Connect.Address : IPAddress.Any, 0));
        var configuration = Configuration.Load("shell", settings.ConfigFile, flags.ToString());
        configuration.RequireSafeRemoting(settings.Connect, insecure: false);
        var system = ActorSystem.Create("shell", configuration.ToString());
        try
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"akka.tcp://orchestrator@{settings.Connect}/user/{ShellActor.Name}");
            var member = await system.ActorSelection(path).ResolveOne(ConnectTimeout).ConfigureAwait(false);
            return new ShellClient(system, member);
        }
        catch (ActorNotFoundException e)
        {
            await system.Terminate().ConfigureAwait(false);
            throw new StartException($"No control-plane member answers at {settings.Connect}; is one running, and is that its remoting address?", e);
        }
    }

    private async Task<int> InteractAsync(ShellSettings settings, CancellationToken cancellationToken)
    {
        var folder = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        var editor = new LineEditor(
            "orchestrator> ", folder.Length == 0 ? null : Path.Combine(folder, ".orchestrator_history"), CompleteAsync);
        var exitCode = 0;
        while (await editor.ReadAsync().ConfigureAwait(false) is { } line)
        {
            string[] words;
            try
            {
                words = Words.Split(line);
            }
            catch (FormatException e)
            {
                await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
                continue;
            }
            if (words.Length == 0) continue;
            if (words is ["exit" or "quit"]) break;
            exitCode = await ExecuteAsync(words, settings.Output, cancellationToken).ConfigureAwait(false);
        }
        return exitCode;
    }

    private async Task<string[]> CompleteAsync(string[] words)
    {
        try
        {
            return (await _member.Ask<ShellCompletions>(new CompleteShellCommand(words), CompletionTimeout).ConfigureAwait(false)).Words;
        }
        catch (AskTimeoutException)
        {
            return [];
        }
    }

    private async Task<int> ExecuteAsync(string[] words, string format, CancellationToken cancellationToken)
    {
        Dictionary<string, string> files;
        try
        {
            files = await FilesOfAsync(words, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return 1;
        }
        var done = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var receiver = _system.ActorOf(Props.Create(() => new Receiver(_member, new RunShellCommand(words, files, format), done)));
        ConsoleCancelEventHandler stop = (_, e) =>
        {
            e.Cancel = true;
            receiver.Tell(new StopShellCommand());
        };
        Console.CancelKeyPress += stop;
        try
        {
            await using var registration = cancellationToken.Register(() => receiver.Tell(new StopShellCommand()));
            return await done.Task.ConfigureAwait(false);
        }
        finally
        {
            Console.CancelKeyPress -= stop;
        }
    }

    /// <summary>The member cannot read this machine's files, so their contents go along.</summary>
    private static async Task<Dictionary<string, string>> FilesOfAsync(string[] words, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, string>();
        for (var i = 0; i + 1 < words.Length; i++)
        {
            if (words[i] is not ("-f" or "--filename") || words[0] is not ("apply" or "delete")) continue;
            files[words[i + 1]] = words[i + 1] == "-"
                ? await Console.In.ReadToEndAsync(cancellationToken).ConfigureAwait(false)
                : await File.ReadAllTextAsync(words[i + 1], cancellationToken).ConfigureAwait(false);
        }
        return files;
    }

    /// <summary>Prints the output of one command and ends with it, or with the member.</summary>
    private sealed class Receiver : UntypedActor
    {
        private readonly TaskCompletionSource<int> _done;
        private readonly IActorRef _member;
        private IActorRef? _command;

        public Receiver(IActorRef member, RunShellCommand run, TaskCompletionSource<int> done)
        {
            _done = done;
            _member = Context.Watch(member);
            _member.Tell(run, Self);
            Context.SetReceiveTimeout(BeginTimeout);
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case ShellCommandBegun:
                    Begun();
                    break;
                case ShellOutput output:
                    Begun();
                    (output.IsError ? Console.Error : Console.Out).Write(output.Text);
                    if (output.ExitCode is { } exitCode) End(exitCode);
                    break;
                case StopShellCommand stop when _command is not null: _command.Tell(stop); break;
                case StopShellCommand: End(130); break;
                case ReceiveTimeout:
                    // Messages are at most once: the command, or the word that it began, is lost. Running it again might do it twice.
                    Console.Error.WriteLine($"The member did not answer within {BeginTimeout.TotalSeconds:0} s; the command may or may not have run.");
                    End(1);
                    break;
                case Terminated terminated when terminated.ActorRef.Equals(_command) && !terminated.AddressTerminated:
                    Console.Error.WriteLine("The command ended without a result; see the log of the member.");
                    End(1);
                    break;
                case Terminated:
                    Console.Error.WriteLine("The member that ran the command is gone.");
                    End(1);
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }

        /// <summary>From here on the death watch of the member and of the command's actor tell when nothing more comes.</summary>
        private void Begun()
        {
            if (_command is not null) return;
            _command = Context.Watch(Sender);
            Context.SetReceiveTimeout(null);
        }

        private void End(int exitCode)
        {
            _done.TrySetResult(exitCode);
            Context.Stop(Self);
        }
    }
}
