using System.Reflection;
using Akka.MultiNode.TestAdapter.Internal;
using Akka.Remote.TestKit;
using Akka.Remote.TestKit.Internal;

return await NodeProgram.RunAsync(args).ConfigureAwait(false);

/// <summary>The process of one role: makes the spec, runs its method, and tells by the exit code how that went.</summary>
internal static class NodeProgram
{
    private const int Passed = 0;
    private const int Failed = 1;

    public static async Task<int> RunAsync(string[] args)
    {
        int code;
        try
        {
            // A thread of its own: the spec sets a synchronization context, and blocks.
            code = await Task.Factory.StartNew(() => Run(NodeCommand.Parse(args)), TaskCreationOptions.LongRunning).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync(e.ToString()).ConfigureAwait(false);
            code = Failed;
        }

        // Threads that a failed test has left must not keep the process.
        Environment.Exit(code);
        return code;
    }

    private static int Run(NodeCommand command)
    {
        NodeProcess.Current = new NodeProcess(command.RoleIndex, command.ConductorPort);
        var assembly = Assembly.Load(new AssemblyName(Path.GetFileNameWithoutExtension(command.AssemblyPath)));
        var type = assembly.GetType(command.ClassName, throwOnError: true)!;
        var method = type.GetMethod(command.MethodName, BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, [])
            ?? throw new MissingMethodException(command.ClassName, command.MethodName);
        var spec = (MultiNodeSpec)Activator.CreateInstance(type, BindingFlags.DoNotWrapExceptions | BindingFlags.Public | BindingFlags.Instance, null, null, null)!;
        if (spec.Roles.Count != command.RoleCount)
            throw new InvalidOperationException($"{type} has {spec.Roles.Count} roles here and {command.RoleCount} where it was started.");
        var callbacks = (IMultiNodeSpecCallbacks)spec;
        var code = Passed;
        try
        {
            callbacks.MultiNodeSpecBeforeAll();
            if (method.Invoke(spec, BindingFlags.DoNotWrapExceptions, null, null, null) is Task running) running.GetAwaiter().GetResult();
        }
        catch (Exception e)
        {
            // Written now: the end of the system may take its time, or fail too.
            Console.Error.WriteLine($"FAILED: {e}");
            code = Failed;
        }

        callbacks.MultiNodeSpecAfterAll();
        return code;
    }
}
