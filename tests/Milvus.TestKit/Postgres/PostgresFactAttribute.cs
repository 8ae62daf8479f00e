using Milvus.TestKit.Requirements;
using Xunit;

namespace Milvus.TestKit.Postgres;

/// <summary>A fact that is skipped, with its reason, where there is no PostgreSQL.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresServer.Missing;
}

/// <summary>A theory that is skipped, with its reason, where there is no PostgreSQL.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PostgresTheoryAttribute : TheoryAttribute
{
    public PostgresTheoryAttribute() => Skip = PostgresServer.Missing;
}

/// <summary>On a test class that inherits a specification and runs it on PostgreSQL.</summary>
public sealed class NeedsPostgresAttribute : RequirementAttribute
{
    public override string? Missing => PostgresServer.Missing;
}

/// <summary>A fact that stops its server, and so is skipped where none can be started.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OwnPostgresFactAttribute : FactAttribute
{
    public OwnPostgresFactAttribute() => Skip = PostgresServer.MissingOwn;
}
