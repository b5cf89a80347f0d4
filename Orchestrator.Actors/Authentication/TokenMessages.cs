using Orchestrator.Actors.Serialization;

namespace Orchestrator.Actors.Authentication;

/// <summary>Asks the cluster's authority to sign claims; answered with <see cref="TokenSigned"/>.</summary>
/// <param name="Claims">A JSON object.</param>
public sealed record SignToken(string Claims) : IWireMessage;

public sealed record TokenSigned(string Token) : IWireMessage;

/// <summary>Asks for the keys by which tokens are recognized; answered with <see cref="TokenKeys"/>.</summary>
public sealed record GetTokenKeys : IWireMessage;

/// <param name="PublicPems">The newest first.</param>
public sealed record TokenKeys(string[] PublicPems) : IWireMessage;

/// <summary>Journaled once, at the first start of a cluster.</summary>
public sealed record TokenKeyCreated(string PrivatePem) : IWireMessage;
