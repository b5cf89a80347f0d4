namespace Akka.Persistence.Serialization;

/// <summary>Marks what the persistence layer itself writes or sends.</summary>
public interface IMessage;
