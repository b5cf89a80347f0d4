using Orchestrator.Actors.Serialization;
using Orchestrator.Host.Processes;
using Orchestrator.Host.Shell;
using Orchestrator.Node.Kubelet;

// Both ends of the shell and all members speak these, and they are complete before the first actor system starts.
OrchestratorSerializer.Extensions.AddRange([.. ShellCodecs.All, .. KubeletCodecs.All]);

return await CommandLine.RunAsync(
    args,
    new CommandHandlers((settings, stop) => MemberProcess.RunAsync(settings, Console.Out, stop), ShellClient.RunAsync),
    Console.Error);
