import type { ReactNode } from 'react';
import { EmptyState } from '../../ui/EmptyState.tsx';
import { QueryProblem } from '../../ui/QueryProblem.tsx';
import { Skeleton } from '../../ui/Skeleton.tsx';
import styles from './Admin.module.css';

interface TableProps<T> {
  label: string;
  query: { data: T[] | undefined; error: unknown; refetch: () => unknown };
  /** What stands where there is nothing. */
  none: string;
  icon: ReactNode;
  columns: string[];
  row: (one: T) => ReactNode;
}

/** What was asked for, as a table: while it comes, when it does not, and when there is none. */
export function Table<T>({ label, query, none, icon, columns, row }: TableProps<T>) {
  if (!query.data) {
    if (query.error) return <QueryProblem error={query.error} onRetry={() => query.refetch()} />;
    return (
      <div aria-busy="true">
        <Skeleton height="12rem" />
      </div>
    );
  }
  if (query.data.length === 0) return <EmptyState icon={icon} title={none} />;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys.
    <section className={styles.scroll} aria-label={label} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
            <td />
          </tr>
        </thead>
        <tbody>{query.data.map(row)}</tbody>
      </table>
    </section>
  );
}
