import { z } from 'zod';
import type { Project } from './cloud.ts';
import { OpenStackError } from './errors.ts';
import { ProjectId } from './names.ts';
import type { Session } from './session.ts';
import { read } from './wire.ts';

const Projects = z.object({ projects: z.array(z.looseObject({ id: ProjectId, name: z.string() })) });

/** All projects; for a token that may not list them, those its user has a role in. */
export async function listProjects(session: Session, cloud: string): Promise<Project[]> {
  try {
    return await projectsAt(session, cloud, '/projects');
  } catch (error) {
    if (!(error instanceof OpenStackError) || error.problem !== 'forbidden') throw error;
    return projectsAt(session, cloud, '/auth/projects');
  }
}

async function projectsAt(session: Session, cloud: string, path: string): Promise<Project[]> {
  const { body } = await session.ask('identity', { path });
  return read(Projects, body, cloud, `GET identity ${path}`).projects.map(({ id, name }) => ({ id, name }));
}
