namespace Orchestrator.Actors.Serialization;

/// <summary>Marks what is sent between processes or journaled: it goes through <see cref="OrchestratorSerializer"/>, by manifest.</summary>
public interface IWireMessage;
